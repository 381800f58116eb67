package paper_test

import (
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub/hubtest"
)

// drive runs a script of testdata in a browser against the pages.
func drive(t *testing.T, o *office, script string, into any) {
	t.Helper()
	hubtest.Drive(t, script, o.open(t).URL, o.control(t).URL, into)
}

// TestDeadZone is a job done without a network: everything is still there after a
// reload, arrives in order once the network is back, and what the office has
// changed meanwhile is shown with both versions.
func TestDeadZone(t *testing.T) {
	t.Parallel()
	o := newOffice()
	var saw struct {
		Waiting, Badge, Sent, Expired, Full, Old, Hint string
		Draft, Stranger                                string
		Kept                                           []string // what the page showed after the reload
		Mine, Theirs                                   string   // of the conflict
		Complaints                                     []string
	}
	drive(t, o, "deadzone.mjs", &saw)
	if saw.Waiting != "8 actions en attente de sync · 1 photo de code en attente" || saw.Badge != "8 en attente" || saw.Sent != "Tout est envoyé" {
		t.Errorf("said %q, on the card %q, then %q", saw.Waiting, saw.Badge, saw.Sent)
	}
	if want := "En cours en attente|-18,4|true|Fibre passée par le sous-sol|1|Signé par Ève Tremblay en attente"; strings.Join(saw.Kept, "|") != want {
		t.Errorf("after the reload %q, not %q", strings.Join(saw.Kept, "|"), want)
	}
	if got, want := o.kinds(), "status status checklist checklist note photo signature material equipment_link checklist checklist note"; got != want {
		t.Errorf("arrived %q, not %q", got, want)
	}
	if saw.Mine != "Puissance mesurée (dBm)\u00a0: -17" || saw.Theirs != "Puissance mesurée (dBm)\u00a0: -19,9" {
		t.Errorf("the conflict shows %q and %q", saw.Mine, saw.Theirs)
	}
	if !strings.Contains(saw.Expired, "Rien n'est perdu") || !strings.Contains(saw.Full, "n'a plus de place") {
		t.Errorf("an ended link: %q, a full phone: %q", saw.Expired, saw.Full)
	}
	if !strings.Contains(saw.Old, "plus de 24\u00a0h") || saw.Hint != "Gardez cette page sous la main" {
		t.Errorf("waiting for a day: %q, at the second visit: %q", saw.Old, saw.Hint)
	}
	if saw.Draft != "Brouillon" || saw.Stranger != "Tout est envoyé · 1 action d'un autre technicien attend sur ce téléphone" {
		t.Errorf("a draft: %q, with the phone of another: %q", saw.Draft, saw.Stranger)
	}
	if len(saw.Complaints) > 0 {
		t.Errorf("the browser complains: %q", saw.Complaints)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.uploads) != 2 {
		t.Errorf("%d uploads", len(o.uploads))
	}
}

// TestLooks opens every page in both languages and colours, on a phone and at
// twice its size.
func TestLooks(t *testing.T) {
	t.Parallel()
	o := newOffice()
	var saw struct{ Small, Wide, Axe, Complaints, Keyboard []string }
	drive(t, o, "looks.mjs", &saw)
	if len(saw.Small)+len(saw.Wide)+len(saw.Axe)+len(saw.Complaints) > 0 {
		t.Errorf("too small for a thumb: %q\ntoo wide: %q\naxe: %q\ncomplaints: %q", saw.Small, saw.Wide, saw.Axe, saw.Complaints)
	}
	if got := strings.Join(saw.Keyboard, "|"); got != "En route|Note tapée" {
		t.Errorf("by keyboard alone: %q", got)
	}
}
