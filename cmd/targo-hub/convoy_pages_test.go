package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/playwright-community/playwright-go"

	"gigafibre.ca/targo-hub/hub"
)

// everywhere looks at the open page by day and by night, and at twice its size.
func (p *phone) everywhere(name string) {
	p.t.Helper()
	for _, dark := range []bool{false, true} {
		p.look.dark = dark
		scheme := playwright.ColorSchemeLight
		if dark {
			scheme = playwright.ColorSchemeDark
		}
		p.must("changing the light", p.page.EmulateMedia(playwright.PageEmulateMediaOptions{ColorScheme: scheme}))
		p.picture(name)
		p.fits()
		p.axe(name)
	}
	p.must("coming closer", p.page.SetViewportSize(195, 422))
	p.look.zoomed = true
	p.fits()
	p.look.zoomed = false
	p.must("going back", p.page.SetViewportSize(390, 844))
}

// TestPagesOfTheTruckAreForEverybody opens the customer's page in every state, in
// both languages, with the map's streets and with the sketch that stands for them.
func TestPagesOfTheTruckAreForEverybody(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"fr", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			p := newPhone(t, look{lang: lang + "-CA"})
			c := newConvoy(t, lang, lang == "fr")
			link := c.link(t)
			see := func(name string) {
				p.open(link)
				if got := p.run("document.documentElement.lang"); got != lang {
					t.Errorf("%s is in %v, want %s", name, got, lang)
				}
				p.everywhere("track-" + name)
			}
			see("scheduled")
			c.onTheWay(t, link, 1)
			p.open(link)
			if lang == "fr" {
				p.must("waiting for the map", p.page.Locator("#map .leaflet-tile-loaded").First().WaitFor())
				p.tabTo("#map .leaflet-control-zoom-in")
				p.press("Enter")
			} else {
				p.must("waiting for the sketch", p.page.Locator("#sketch").WaitFor())
			}
			p.everywhere("track-on-the-way")
			c.arrive(t, link)
			see("arrived")
			c.h.move(t, c.job, "Cancelled", m{"note": "Le client a rappelé"})
			c.until(t, "that is known", link, func(s sight) bool { return s.State == "cancelled" })
			see("cancelled")
			link = c.lateLink(t)
			see("delayed")
			p.open(c.h.url + "/track/0000000000000000")
			p.everywhere("track-gone")
			p.quiet("status of 404")
		})
	}
}

// onTheWay sends the technician off, and waits until his customer sees the truck.
func (c *convoy) onTheWay(t *testing.T, link string, point int) {
	t.Helper()
	c.h.move(t, c.job, "En Route", nil)
	c.until(t, "the truck is seen", link, func(s sight) bool {
		c.drive(t, point)
		return s.Position != nil
	})
}

// lateLink is that of a visit which should have been yesterday.
func (c *convoy) lateLink(t *testing.T) string {
	t.Helper()
	job := c.w.put(t, "Dispatch Job", m{
		"subject": "Prise à déplacer", "job_type": "Repair", "priority": "medium", "status": "Assigned", "published": 1, "assigned_tech": c.technician,
		"customer": c.customer, "duration_h": 1, "scheduled_date": time.Now().In(hub.Local()).AddDate(0, 0, -1).Format(time.DateOnly), "start_time": "08:00:00",
	})
	var made struct{ URL, State string }
	if status := c.h.call(t, http.MethodPost, "/track/"+job, nil, &made); status != http.StatusCreated || made.State != "delayed" {
		t.Fatalf("a late visit's link: %d, %+v", status, made)
	}
	return made.URL
}

// TestPagesOfTheTruckWithoutScripts reads when the technician comes in a browser
// without scripts.
func TestPagesOfTheTruckWithoutScripts(t *testing.T) {
	t.Parallel()
	p := newPhone(t, look{noScript: true})
	c := newConvoy(t, "fr", true)
	link := c.link(t)
	c.onTheWay(t, link, 2)
	p.open(link)
	if text := p.text("main"); !strings.Contains(text, "Sylvie") || !strings.Contains(text, "min") || strings.Contains(text, "Poulin") {
		t.Errorf("the page says %q", text)
	}
	p.picture("track-plain")
	c.arrive(t, link)
	p.must("loading again", reload(p))
	if state, err := p.page.Locator("#track").GetAttribute("data-state"); err != nil || state != "arrived" {
		t.Errorf("the page says %q, %v", state, err)
	}
	if p.count("#map, #sketch, #eta-row:not([hidden])") != 0 {
		t.Error("the page shows when he comes after he has arrived")
	}
}

// TestDispatchersPhoneShowsTheTrucks follows a truck on the dispatcher's map: the
// stream moves it, work goes on beside it, and who is not of the staff sees nothing.
func TestDispatchersPhoneShowsTheTrucks(t *testing.T) {
	t.Parallel()
	p := newPhone(t, look{})
	c := newConvoy(t, "fr", true)
	if status := p.open(c.h.url + "/console/map"); status != http.StatusUnauthorized || p.count("#board") != 0 {
		t.Errorf("somebody unknown gets %d", status)
	}
	p.must("signing in", p.context.SetExtraHTTPHeaders(map[string]string{"Authorization": "Bearer " + c.h.staff}))
	c.drive(t, 0)
	await(t, "the page knows the technician and his truck", func() bool {
		p.open(c.h.url + "/console/map")
		return p.count(`tr[data-technician="TECH-C"] .state[data-state="moving"]`) == 1 && p.count(`tr[data-job="`+c.job+`"]`) == 1
	})
	p.must("waiting for the map", p.page.Locator("#board[data-drawn]").WaitFor())
	p.must("waiting for the truck", p.page.Locator("#map .truck.moving").WaitFor())
	mark := func() string {
		at, _ := p.run(`document.querySelector("#map .truck").style.transform`).(string)
		return at
	}
	before := mark()
	c.drive(t, 3)
	await(t, "the truck has moved", func() bool { return mark() != before })

	c.h.move(t, c.job, "En Route", nil)
	p.must("waiting for the work", p.page.Locator(`tr[data-job="`+c.job+`"] .chip[data-status="En Route"]`).WaitFor())
	p.tabTo(`tr[data-technician="TECH-C"] button`)
	p.press("Enter")
	if said := p.text("#picked"); !strings.Contains(said, "Sylvie Poulin : en mouvement") {
		t.Errorf("the chosen technician: %q", said)
	}
	c.park(t)
	p.must("waiting until it stands", p.page.Locator("#map .truck.stopped").WaitFor())
	p.everywhere("console-map")
	p.desk("console-map-desk")
	p.quiet("status of 401")
}

// desk keeps the page as it stands on a desk.
func (p *phone) desk(name string) {
	p.t.Helper()
	p.must("sitting down", p.page.SetViewportSize(1280, 800))
	p.axe(name)
	if pictures() == "" {
		return
	}
	path := filepath.Join(pictures(), name+".png")
	_, err := p.page.Screenshot(playwright.PageScreenshotOptions{Path: &path})
	p.must("taking a picture", err)
}
