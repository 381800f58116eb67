package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/playwright-community/playwright-go"
)

// TestTechniciansPhoneInADeadZone is a technician's morning. The SMS brings the link,
// a button opens the day; then the network is gone. A whole visit is done without it:
// states, checklist, note, photo, signature, the scan of a device. The page is loaded
// again, the browser is killed and started again; all of it is still there. With the
// network it arrives, once and in order. What the office has changed meanwhile is
// shown with both versions.
func TestTechniciansPhoneInADeadZone(t *testing.T) {
	t.Parallel()
	p := newPhone(t, look{})
	w := newTown(t)
	s := w.newShift(t)
	environ := w.environ()
	air := newMast(t, valueOf(environ, "TARGO_LISTEN"))
	h := w.startWith(t, append(environ, "TARGO_PUBLIC_URL="+air.url))

	p.entersByText(h, s)
	p.reach(air, false)
	p.worksAlone(t, s)
	p.isStillThere(t, s, "after the page was loaded again", func() { p.must("loading again", reload(p)) })
	p.isStillThere(t, s, "after the browser was killed", func() {
		p.onDisk("targo_tech")
		p.kill()
		p.on()
		p.must("cutting the network", p.context.SetOffline(true))
		p.open(air.url + "/j/job/" + s.job)
	})
	h.move(t, s.next, "Cancelled", m{"note": "Le client a rappelé"}) // the office, meanwhile
	p.reach(air, true)
	w.sawItAll(t, s)
	p.showsBoth(t, s, air)
	p.quiet("ERR_INTERNET_DISCONNECTED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION", "Failed to fetch", "409", "net::ERR")
	p.must("finishing", p.finishes(air, s))
	await(t, "the visit is completed", func() bool { return w.field(t, "Dispatch Job", s.job, "status") == "Completed" })
}

func reload(p *phone) error {
	_, err := p.page.Reload()
	return err
}

// reach gives the telephone a network or takes it away.
func (p *phone) reach(air *mast, alive bool) {
	p.t.Helper()
	air.reach(alive)
	p.must("the network", p.context.SetOffline(!alive))
}

// entersByText opens the link of an SMS, presses its one button and waits until the
// day is kept on the telephone.
func (p *phone) entersByText(h *running, s shift) {
	p.t.Helper()
	h.techLink(p.t, s.technician, s.job, true)
	text, link := h.textTo(p.t, "+15145550171")
	if strings.Contains(text, "Zoé") || strings.Contains(text, "4471") {
		p.t.Errorf("the SMS says more than it must: %q", text)
	}
	if status := p.open(link); status != http.StatusOK {
		p.t.Fatalf("the link answered %d", status)
	}
	p.tap("#open-day")
	p.must("waiting for the day", p.page.WaitForURL("**/j/"))
	if first := p.count("#today [data-job]"); first != 2 {
		p.t.Errorf("the day has %d visits, want 2", first)
	}
	for _, job := range []string{s.job, s.next} {
		p.must("waiting until "+job+" is kept", p.page.Locator(`[data-job="`+job+`"] .ready`, playwright.PageLocatorOptions{HasText: "Prêt hors ligne"}).WaitFor())
	}
	p.fits()
}

// worksAlone does a visit without a network, and sets out for the next.
func (p *phone) worksAlone(t *testing.T, s shift) {
	t.Helper()
	p.tap(`[data-job="` + s.next + `"] .job-link`)
	p.tap(`#status button[value="En Route"]`)
	p.tap(`a.back`)
	p.tap(`[data-job="` + s.job + `"] .job-link`)
	if pinned := p.text("#head .pinned"); !strings.Contains(pinned, "4471#") {
		t.Errorf("the way in is not shown: %q", pinned)
	}
	p.tap(`#status button[value="En Route"]`)
	p.tap(`#status button[value="In Progress"]`)
	p.fill(`.item[data-label="Cause trouvée"] input`, "Connecteur oxydé")
	p.must("leaving the field", p.page.Locator(`.item[data-label="Cause trouvée"] input`).Blur())
	p.tap(`.item[data-label="Lumière mesurée"] label`)
	for _, text := range []string{"Première note : le voisin a ouvert.", "Deuxième note : câble refait."} {
		p.fill("#note-text", text)
		p.tap("#note-add")
		p.must("waiting for the note", p.page.Locator("#note-list", playwright.PageLocatorOptions{HasText: text}).WaitFor())
	}
	p.must("choosing a photo", p.page.Locator("#photo-file").SetInputFiles(p.photo("facade.jpg", "PHOTO-DE-FACADE")))
	p.must("waiting for the photo", p.page.Locator("#photo-list .mine img, #photo-list .mine canvas, #photo-list .mine picture").First().WaitFor())
	p.signs("Zoé Inventée")
	p.tap("#scan-link")
	p.must("choosing the label", p.page.Locator("#scan-file").SetInputFiles(p.photo("label.jpg", s.serial)))
	p.must("waiting for the scan", p.page.Locator("#scan-list [data-scan]").First().WaitFor())
	p.picture("scan-waiting")
	p.tap("#scan-back")
}

// photo puts a picture of a sticker into a file, as a camera does.
func (p *phone) photo(name, text string) string {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), name)
	p.must("taking a photo", os.WriteFile(path, label(p.t, text), 0o600))
	return path
}

// signs draws a signature with a finger.
func (p *phone) signs(name string) {
	p.t.Helper()
	pad := p.page.Locator("#signature-pad")
	p.must("scrolling to the pad", pad.ScrollIntoViewIfNeeded())
	box, err := pad.BoundingBox()
	p.must("looking for the pad", err)
	mouse := p.page.Mouse()
	p.must("drawing", mouse.Move(box.X+30, box.Y+60))
	p.must("drawing", mouse.Down())
	for i := range 8 {
		p.must("drawing", mouse.Move(box.X+30+float64(30*i), box.Y+60+float64(20*(i%2))))
	}
	p.must("drawing", mouse.Up())
	p.fill("#signature-name", name)
	p.tap("#signature-save")
	p.must("waiting for the signature", p.page.Locator("#signed", playwright.PageLocatorOptions{HasText: name}).WaitFor())
}

// isStillThere asserts that after something that loses what was not kept, all that
// was done without a network waits, and is shown.
func (p *phone) isStillThere(t *testing.T, s shift, when string, lose func()) {
	t.Helper()
	lose()
	p.must("waiting for the page", p.page.Locator("html[data-ready]").WaitFor(playwright.LocatorWaitForOptions{State: playwright.WaitForSelectorStateAttached}))
	count := p.text("#sync-count")
	if !strings.Contains(count, "actions en attente de sync") || !strings.Contains(count, "9 ") {
		t.Errorf("%s: the line says %q, want 9 actions", when, count)
	}
	for selector, want := range map[string]string{
		"#status-now": "cours", "#note-list": "Deuxième note", "#signed": "Zoé Inventée", "#photo-list": "",
	} {
		if text := p.text(selector); !strings.Contains(text, want) {
			t.Errorf("%s: %s says %q, want %q", when, selector, text, want)
		}
	}
	if value, err := p.page.Locator(`.item[data-label="Cause trouvée"] input`).InputValue(); err != nil || value != "Connecteur oxydé" {
		t.Errorf("%s: the answer is %q, %v", when, value, err)
	}
	p.picture("job-offline")
}

// onDisk waits until the browser has written a cookie down, which it does at its
// leisure: what a telephone that lost it would show is another story.
func (p *phone) onDisk(cookie string) {
	p.t.Helper()
	await(p.t, "the cookie is on disk", func() bool {
		files, err := filepath.Glob(filepath.Join(p.profile, "Default", "*ookies*"))
		p.must("looking for cookies", err)
		more, err := filepath.Glob(filepath.Join(p.profile, "Default", "Network", "*ookies*"))
		p.must("looking for cookies", err)
		for _, file := range append(files, more...) {
			if raw, err := os.ReadFile(file); err == nil && strings.Contains(string(raw), cookie) {
				return true
			}
		}
		return false
	})
}

// sawItAll asserts that ERPNext has everything of the visit, once and in order.
func (w *town) sawItAll(t *testing.T, s shift) {
	t.Helper()
	job := m{}
	await(t, "everything has arrived", func() bool {
		var err error
		if job, err = w.site.Doc("Dispatch Job", s.job); err != nil {
			t.Fatal(err)
		}
		return job["status"] == "In Progress" && job["customer_signature"] != nil && len(rowsOf(job, "photos")) > 0 && len(rowsOf(job, "equipment_items")) > 0
	})
	var said []string
	for _, c := range w.comments(t, s.job) {
		if text := fmt.Sprint(c["content"]); strings.Contains(text, "note :") {
			said = append(said, text)
		}
	}
	if len(said) != 2 || !strings.Contains(said[0], "Première note") || !strings.Contains(said[1], "Deuxième note") {
		t.Errorf("the notes are %q", said)
	}
	answers := map[string]any{}
	for _, row := range rowsOf(job, "checklist") {
		answers[fmt.Sprint(row["label"])] = row["value"]
	}
	if len(answers) != 2 || answers["Cause trouvée"] != "Connecteur oxydé" || answers["Lumière mesurée"] == nil {
		t.Errorf("the checklist is %v", answers)
	}
	photos := 0
	for _, row := range rowsOf(job, "photos") {
		if row["kind"] != "signature" {
			photos++
		}
	}
	if equipment := rowsOf(job, "equipment_items"); photos != 1 || len(equipment) != 1 || equipment[0]["equipment"] != s.equipment {
		t.Errorf("%d photos, devices %v", photos, equipment)
	}
	if way, began := fmt.Sprint(job["en_route_at"]), fmt.Sprint(job["actual_start"]); way > began || job["en_route_at"] == nil {
		t.Errorf("on the way at %s, begun at %s", way, began)
	}
	files := w.all(t, "File", m{"attached_to_name": s.job})
	for _, f := range files {
		if fmt.Sprint(f["is_private"]) != "1" {
			t.Errorf("%v can be read by everybody", f["file_name"])
		}
	}
	if len(files) != 2 {
		t.Errorf("%d files, want the photo and the signature", len(files))
	}
}

func rowsOf(doc m, table string) (rows []m) {
	list, _ := doc[table].([]any)
	for _, each := range list {
		if row, ok := each.(map[string]any); ok {
			rows = append(rows, row)
		}
	}
	return rows
}

// showsBoth looks at the visit that the office cancelled while the technician set
// out for it.
func (p *phone) showsBoth(t *testing.T, s shift, air *mast) {
	t.Helper()
	p.open(air.url + "/j/job/" + s.next)
	conflict := p.page.Locator(`.trouble[data-state="conflict"]`)
	p.must("waiting for the conflict", conflict.WaitFor())
	p.picture("conflict")
	p.axe("conflict")
	text := p.text(`.trouble[data-state="conflict"]`)
	if !strings.Contains(text, "En route") || !strings.Contains(text, "Annul") {
		t.Errorf("the conflict says %q", text)
	}
	p.tap(".take-theirs")
	p.must("waiting until it is settled", conflict.WaitFor(playwright.LocatorWaitForOptions{State: playwright.WaitForSelectorStateDetached}))
}

// finishes ends the visit with the network there.
func (p *phone) finishes(air *mast, s shift) error {
	p.open(air.url + "/j/job/" + s.job)
	p.must("waiting for the page", p.page.Locator("#finish:not([hidden])").WaitFor())
	p.fill("#closing", "Tout marche.")
	p.tap(`#status button[value="Completed"]`)
	return p.page.Locator("#sync-count", playwright.PageLocatorOptions{HasText: "3"}).WaitFor(playwright.LocatorWaitForOptions{
		State: playwright.WaitForSelectorStateHidden, Timeout: playwright.Float(float64((5 * time.Second).Milliseconds())),
	})
}
