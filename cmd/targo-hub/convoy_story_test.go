package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestCustomerWatchesTheTruckCome is an hour of a customer who waits. The link says
// nothing of anybody before somebody sets out. Then an SMS brings it, and the page
// follows the truck, roughly; when it has arrived, where it is is nobody's business
// any more, and after the visit the page says so.
func TestCustomerWatchesTheTruckCome(t *testing.T) {
	t.Parallel()
	p := newPhone(t, look{})
	c := newConvoy(t, "fr", true)
	link := c.link(t)
	c.drive(t, 0)

	p.open(link)
	p.watches(t, c, link, "scheduled")
	if p.count("#map, #sketch, #eta-row:not([hidden])") != 0 {
		t.Error("before anybody has set out the page shows a map, or when he comes")
	}

	c.h.move(t, c.job, "En Route", nil)
	text, sent := c.textLink(t)
	if sent != link || !strings.Contains(text, "Sylvie") || strings.Contains(text, "Poulin") {
		t.Errorf("the SMS %q does not bring the link %s", text, link)
	}
	p.seesItCome(t, c, sent)

	c.arrive(t, link)
	p.watches(t, c, link, "arrived")
	if p.count("#map, #sketch, #eta-row:not([hidden])") != 0 {
		t.Error("the page still shows a map, or when he comes, after he has arrived")
	}
	c.h.move(t, c.job, "In Progress", nil)
	p.watches(t, c, link, "in_progress")
	c.h.move(t, c.job, "Completed", nil)
	p.watches(t, c, link, "done")
	c.drive(t, 1)
	p.must("loading again", reload(p))
	p.watches(t, c, link, "done")
	p.quiet()
}

// seesItCome follows the truck from point to point of its way.
func (p *phone) seesItCome(t *testing.T, c *convoy, link string) {
	t.Helper()
	last, asked := "", time.Time{}
	for point := 1; point < len(c.way)-1; point++ {
		c.drive(t, point)
		s := c.until(t, fmt.Sprintf("the truck is at point %d for its customer", point), link, func(s sight) bool {
			return s.Position != nil && c.near(s.Position.Lat, s.Position.Lon, point, 80)
		})
		c.discreet(t, "the state", s.raw, true)
		if s.State != "on_the_way" || s.Technician == nil || s.Technician.First != "Sylvie" || s.ETA == nil || s.ETA.Minutes < 1 || s.ETA.Minutes > 20 {
			t.Errorf("at point %d the link says %s", point, s.raw)
		}
		p.watches(t, c, link, "on_the_way")
		await(t, "the mark has moved", func() bool {
			at := p.glimpse(`document.querySelector("#map .targo-truck")?.style.transform ?? ""`)
			moved := at != "" && at != last
			if moved {
				last = at
			} else if time.Since(asked) > time.Second {
				asked = time.Now()
				p.looksAgain()
			}
			return moved
		})
	}
	if who := p.text("#who"); !strings.Contains(who, "Sylvie") || strings.Contains(who, "Poulin") {
		t.Errorf("the page says who comes: %q", who)
	}
	if tiles := p.count("#map .leaflet-tile-loaded"); tiles == 0 {
		t.Error("the map has no streets")
	}
}

// watches waits until the open page of a link says a state, then looks at what it
// tells, whether it fits, and whether everybody can read it.
func (p *phone) watches(t *testing.T, c *convoy, link, state string) {
	t.Helper()
	asked := time.Time{}
	await(t, "the page says "+state, func() bool {
		if p.glimpse(`document.querySelector("#track")?.dataset.state ?? ""`) == state {
			return true
		}
		if time.Since(asked) > time.Second { // an address may ask only so often
			asked = time.Now()
			p.looksAgain()
		}
		return false
	})
	html, err := p.page.Content()
	p.must("reading the page", err)
	c.discreet(t, "the page in state "+state, html, state == "on_the_way")
	if state != "on_the_way" {
		if s := c.sight(t, link); s.State != state || s.Position != nil || s.ETA != nil {
			t.Errorf("in state %s the link says %s", state, s.raw)
		}
	}
	p.picture("track-" + strings.ReplaceAll(state, "_", "-"))
	p.fits()
	p.axe("track " + state)
}

// looksAgain is the customer who takes the telephone up again: the page asks at once.
func (p *phone) looksAgain() {
	p.t.Helper()
	p.glimpse(`document.dispatchEvent(new Event("visibilitychange")) ? "asked" : ""`)
}

// glimpse is a look at a page that may load itself anew in the same moment: nothing
// is seen then.
func (p *phone) glimpse(script string) string {
	p.t.Helper()
	text, err := p.page.Evaluate(script)
	if err != nil && !strings.Contains(err.Error(), "navigation") {
		p.must("glimpsing at the page", err)
	}
	seen, _ := text.(string)
	return seen
}
