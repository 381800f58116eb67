package otp_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/keep"
)

// TestTechnicianGetsIn: whatever way the number is written in, the code comes in one
// SMS whose last line binds it to the hub, and is exchanged once for a token of his.
func TestTechnicianGetsIn(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for i, written := range []string{
		"5145550101", "514-555-0101", "514 555 0101", "(514) 555-0101", "+1 514 555 0101", "+15145550101", "1-514-555-0101",
		"514.555.0101", " 514 555-0101 ", "tel:+1-514-555-0101", "５１４５５５０１０１",
	} {
		d.ahead.Store(int64(i) * int64(16*time.Minute))
		code := d.code("tech", written)
		sent := d.messages()
		last := sent[len(sent)-1]
		lines := strings.Split(last.Body, "\n")
		if len(sent) != i+1 || last.To != "+15145550101" || lines[len(lines)-1] != "@hub.example.com #"+code || hub.MeasureSMS(last.Body).Segments != 1 {
			t.Errorf("%q: sent %+v", written, sent)
		}
		got := d.verify("tech", "514 555 0101", code[:3]+" "+code[3:])
		claims := d.claims(got.Token, access.Technician)
		if claims.Subject != "T1" || claims.Job != "" || !claims.Expires.Equal(got.Ends) || got.Ends.Before(time.Now().Add(8*time.Hour)) {
			t.Errorf("%q: %+v: %+v", written, got, claims)
		}
		trail, _, err := d.store.Audits(t.Context(), keep.AuditFilter{Action: "code.enter", Actor: "technician:T1"})
		if err != nil || len(trail) != i+1 || trail[0].Detail != claims.ID {
			t.Errorf("the audit has %+v, %v", trail, err)
		}
		if again := d.verify("tech", "514 555 0101", code); !again.wrong() {
			t.Errorf("the code is good twice: %+v", again)
		}
	}
}

// TestPeopleGetIn: technicians by mail, customers by number, mail and customer
// number; what is nobody's, or not one person's, gets the same answer and no message.
func TestPeopleGetIn(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for i, c := range []struct {
		purpose, identifier string
		to, subject         string // "" for nobody
	}{
		{"tech", "remi.t@EXAMPLE.com", "remi.t@example.com", "T1"},
		{"tech", "sans@example.com", "sans@example.com", "T3"},
		{"tech", "514 555-0105", "", ""}, // two have it
		{"tech", "514 555-0107", "", ""}, // a lorry
		{"tech", "514 555-0109", "", ""}, // has left
		{"tech", "450 555-0101", "", ""}, // a customer's
		{"tech", "T1", "", ""},
		{"tech", "001 514 555 0101", "", ""}, // no number here, and none that was meant for somebody else
		{"tech", "'; drop table --", "", ""},
		{"portal", "4505550101", "+14505550101", "Ève Untel"},
		{"portal", "Eve@example.com", "eve@example.com", "Ève Untel"},
		{"portal", "Ève Untel", "+14505550101", "Ève Untel"},
		{"portal", "Numéro Seul", "seul@example.com", "Numéro Seul"},
		{"portal", "5551234567", "chiffres@example.com", "5551234567"},
		{"portal", "450 555 0102", "", ""}, // a couple's
		{"portal", "4505550103", "", ""},   // no customer any more
		{"portal", "Parti Loin", "", ""},
		{"portal", "514 555-0101", "", ""}, // a technician's
		{"portal", "%@%", "", ""},
		{"portal", "../Customer", "", ""},
	} {
		before := len(d.messages())
		if got := d.post("/otp/send", fmt.Sprintf("192.0.2.%d", i), map[string]any{"identifier": c.identifier, "purpose": c.purpose}); got.status != http.StatusOK {
			t.Fatalf("%d %s", got.status, got.body)
		}
		states, sent := d.idle(), d.messages()[before:]
		if state := states[len(states)-1]; c.subject == "" {
			if len(sent) > 0 || state != "nobody" {
				t.Errorf("%s: %s, sent %+v", c.identifier, state, sent)
			}
			continue
		}
		if len(sent) != 1 || sent[0].To != c.to {
			t.Fatalf("%s: %v, sent %+v", c.identifier, states, sent)
		}
		audience := map[string]access.Audience{"tech": access.Technician, "portal": access.Portal}[c.purpose]
		got := d.verify(c.purpose, c.identifier, anyCode.FindString(sent[0].Body))
		if claims := d.claims(got.Token, audience); claims.Subject != c.subject {
			t.Errorf("%s: the token is %+v", c.identifier, claims)
		}
	}
}

// TestCodeIsNotKept: what is remembered names neither the code nor whose it is asked
// for by.
func TestCodeIsNotKept(t *testing.T) {
	t.Parallel()
	keys := &spy{}
	d := newDoor(t, keys.on)
	code := d.code("tech", "5145550101")
	d.verify("tech", "5145550101", otherCode(code))
	for key, value := range keys.written() {
		if strings.Contains(key+value, "5550101") || strings.Contains(key+value, code) {
			t.Errorf("%s holds %s", key, value)
		}
	}
	if len(keys.written()) == 0 {
		t.Error("nothing was written")
	}
	jobs, _, err := d.store.Jobs(t.Context(), keep.Filter{Text: "5550101"})
	if err != nil || len(jobs) > 0 {
		t.Errorf("jobs are found by the number: %+v, %v", jobs, err)
	}
}

// TestSendRefused: what is no question at all is refused, for everybody alike.
func TestSendRefused(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for _, body := range []map[string]any{
		{"identifier": "", "purpose": "tech"},
		{"purpose": "tech"},
		{"identifier": "5145550101", "purpose": "staff"},
		{"identifier": "5145550101"},
		{"identifier": strings.Repeat("5", 300), "purpose": "tech"},
		{"identifier": "5145550101", "purpose": "tech", "lang": "de"},
	} {
		if got := d.post("/otp/send", home, body); got.status != http.StatusUnprocessableEntity || strings.Contains(got.body, "5145550101") {
			t.Errorf("%v: %d %s", body, got.status, got.body)
		}
	}
	if states := d.idle(); len(states) > 0 {
		t.Errorf("stored %v", states)
	}
}
