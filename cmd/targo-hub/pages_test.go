package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/playwright-community/playwright-go"
)

// everyday is a hub with a technician's day, to look at its pages.
type everyday struct {
	w   *town
	h   *running
	s   shift
	url string
}

func newEveryday(t *testing.T) everyday {
	t.Helper()
	w := newTown(t)
	e := everyday{w: w, s: w.newShift(t), h: w.start(t)}
	e.url, _ = e.h.techLink(t, e.s.technician, e.s.job, false)
	w.put(t, "Service Equipment", m{
		"equipment_type": "Router", "brand": "Nordik", "model": "AX-18", "serial_number": "NK0000001", "mac_address": "02:7A:00:00:00:01", "status": "active",
		"customer": e.s.customer, "service_location": e.s.location, "wifi_ssid": "Maison", "wifi_password": "invente-0001",
	})
	token := e.url[strings.LastIndex(e.url, "/")+1:]
	e.h.mutate(t, token, "", note("page-note-0001", e.s.job, "Le compteur est dans le garage."))
	return e
}

// tour opens every page as somebody does who does his work, and looks at each.
func (e everyday) tour(p *phone, look func(name string)) {
	p.t.Helper()
	p.open(e.h.url + "/j/none")
	look("refused")
	p.open(e.url)
	look("link")
	p.tap("#open-day")
	p.must("waiting for the day", p.page.WaitForURL("**/j/"))
	for _, page := range []struct{ name, path string }{
		{"day", "/j/"}, {"job", "/j/job/" + e.s.job}, {"scan", "/j/scan?job=" + e.s.job}, {"device", "/j/device/NK0000001"}, {"offline", "/j/offline"},
		{"otp", "/otp?purpose=tech"}, {"forbidden", "/j/job/" + e.s.others},
	} {
		p.open(e.h.url + page.path)
		p.ready()
		look(page.name)
	}
	if !p.look.noScript {
		p.open(e.h.url + "/j/job/" + e.s.job)
		p.ready()
		p.tap(`#status button[value="In Progress"]`)
		look("job-begun")
	}
}

// ready waits until the scripts of a page that has any are at work.
func (p *phone) ready() {
	p.t.Helper()
	if p.look.noScript || p.count("#app") == 0 {
		return
	}
	p.must("waiting for the page", p.page.Locator("html[data-ready]").WaitFor(playwright.LocatorWaitForOptions{State: playwright.WaitForSelectorStateAttached}))
}

// TestPagesAreForEverybody opens every page light and dark, French and English, at
// 100 and at 200 %: nobody is kept out by colours, sizes or missing names.
func TestPagesAreForEverybody(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]look{
		"French, light": {}, "French, dark": {dark: true}, "English, light": {lang: "en-CA"}, "English, dark": {lang: "en-CA", dark: true},
		"at 200 %": {zoomed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPhone(t, l)
			e := newEveryday(t)
			e.tour(p, func(name string) {
				if !l.zoomed {
					p.picture(name)
				}
				p.fits()
				p.axe(name)
				want := "fr"
				if l.lang == "en-CA" {
					want = "en"
				}
				if lang := p.run("document.documentElement.lang"); lang != want {
					t.Errorf("%s is in %v, want %s", name, lang, want)
				}
			})
			p.quiet("status of 40", "status of 41")
		})
	}
}

// TestPagesWithoutScripts does what a visit needs in a browser without scripts: its
// forms take states, answers and notes.
func TestPagesWithoutScripts(t *testing.T) {
	t.Parallel()
	p := newPhone(t, look{noScript: true})
	e := newEveryday(t)
	p.open(e.url)
	p.tap("#open-day")
	p.tap(`[data-job="` + e.s.job + `"] .job-link`)
	p.tap(`#status button[value="En Route"]`)
	p.tap(`#status button[value="In Progress"]`)
	p.fill("#item-0", "Câble coupé")
	p.tap("#checklist-form button[type=submit]")
	p.fill("#note-text", "Écrit sans scripts.")
	p.tap("#note-add")
	if text := p.text("#note-list"); !strings.Contains(text, "Écrit sans scripts.") {
		t.Errorf("the notes are %q", text)
	}
	p.picture("job-plain")
	p.fill("#closing", "Réparé.")
	p.tap(`#status button[value="Completed"]`)
	await(t, "the visit is completed", func() bool { return e.w.field(t, "Dispatch Job", e.s.job, "status") == "Completed" })
	if notes := e.w.comments(t, e.s.job); len(notes) < 2 {
		t.Errorf("the visit has %d notes", len(notes))
	}
	p.open(e.h.url + "/j/")
	if done := p.text("#done"); !strings.Contains(done, "Plus d'Internet") {
		t.Errorf("what is done is %q", done)
	}
}

// TestPagesByKeyboard goes from the link to a note without touching the screen.
func TestPagesByKeyboard(t *testing.T) {
	t.Parallel()
	p := newPhone(t, look{})
	e := newEveryday(t)
	p.open(e.url)
	p.tabTo("#open-day")
	p.press("Enter")
	p.must("waiting for the day", p.page.WaitForURL("**/j/"))
	p.ready()
	p.tabTo(`[data-job="` + e.s.job + `"] .job-link`)
	p.press("Enter")
	p.must("waiting for the visit", p.page.WaitForURL("**/j/job/*"))
	p.ready()
	p.tabTo(`#status button[value="In Progress"]`)
	p.press("Enter")
	p.tabTo("#note-text")
	p.must("writing", p.page.Keyboard().Type("Écrit au clavier."))
	p.tabTo("#note-add")
	p.press("Enter")
	p.tabTo("#signature-name")
	p.must("writing", p.page.Keyboard().Type("Zoé Inventée"))
	p.press("Enter")
	await(t, "it has arrived", func() bool {
		job, err := e.w.site.Doc("Dispatch Job", e.s.job)
		if err != nil {
			t.Fatal(err)
		}
		return job["status"] == "In Progress" && job["customer_signature"] != nil && len(e.w.comments(t, e.s.job)) >= 2
	})
}

// tabTo presses the tabulator until an element has the focus, which must be seen.
func (p *phone) tabTo(selector string) {
	p.t.Helper()
	for range 80 {
		p.press("Tab")
		at, err := p.page.Locator(selector).First().Evaluate(`(e) => {
			if (e !== document.activeElement) return "";
			const s = getComputedStyle(e);
			return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== "none" ? "seen" : "unseen";
		}`, nil)
		p.must("looking for the focus", err)
		if at == "unseen" {
			p.t.Errorf("nobody sees that %s has the focus", selector)
		}
		if at != "" {
			return
		}
	}
	p.t.Fatalf("the keyboard does not reach %s", selector)
}

func (p *phone) press(key string) {
	p.t.Helper()
	p.must("pressing "+key, p.page.Keyboard().Press(key))
}

// TestPagesAreSmall weighs what comes over the network until the first page of a
// day works, without anything kept from before.
func TestPagesAreSmall(t *testing.T) {
	t.Parallel()
	p := newPhone(t, look{})
	e := newEveryday(t)
	session, err := p.context.NewCDPSession(p.page)
	p.must("looking under the page", err)
	_, err = session.Send("Network.enable", nil)
	p.must("listening", err)
	bytes, files := 0.0, 0
	session.On("Network.loadingFinished", func(params map[string]any) {
		bytes += number(params["encodedDataLength"])
		files++
	})
	p.open(e.url)
	p.tap("#open-day")
	p.must("waiting for the day", p.page.WaitForURL("**/j/"))
	p.ready()
	t.Logf("%d answers, %.1f KB", files, bytes/1024)
	if bytes > 60*1024 || files < 3 {
		t.Errorf("the first view takes %.1f KB in %d answers, want less than 60 KB", bytes/1024, files)
	}
	answer, err := http.Get(e.h.url + "/j/sw.js")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if scope := answer.Header.Get("Service-Worker-Allowed"); answer.StatusCode != http.StatusOK || scope != "" && scope != "/j/" {
		t.Errorf("the worker answered %d for %q", answer.StatusCode, scope)
	}
}
