package deed_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/deed"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// said is the text of the one message, as it is sent.
func (w *world) said() (to, text string) {
	w.Helper()
	texts, err := deed.Texts()
	if err != nil || len(w.texts) != 1 {
		w.Fatalf("%d messages, %v", len(w.texts), err)
	}
	for _, m := range w.texts {
		_, body, err := texts.Render(strings.TrimPrefix(m.Template, "deed."), m.Channel, m.Lang, m.Vars)
		if err != nil || !m.Urgent || m.Doctype != "Dispatch Job" || m.Channel != outbox.SMS {
			w.Errorf("message %+v: %v", m, err)
		}
		if size := hub.MeasureSMS(body); size.Encoding != hub.GSM7 {
			w.Errorf("%q costs twice because of %q", body, string(size.Forcing))
		}
		return m.To, body
	}
	return "", ""
}

func TestEnRoute(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		job  doc
		link string
		to   string
		text string
	}{
		"planned":     {doc{}, "", "+15145550142", "Exemple : Rémi est en route vers chez vous. Arrivée prévue entre 8 h 30 et 10 h 30."},
		"on the hour": {doc{"start_time": "9:00:00"}, "", "+15145550142", "Exemple : Rémi est en route vers chez vous. Arrivée prévue entre 9 h et 11 h."},
		"with an hour, in English": {doc{"customer": "Sam Sample", "eta_at": "2026-11-23 13:05:00"}, "https://hub.example.com/t/x", "+15145550143",
			"Exemple: Rémi is on the way to you. Arrival around 1:05 pm. Follow: https://hub.example.com/t/x"},
		"an hour that is over":    {doc{"eta_at": "2026-11-23 08:05:00", "start_time": nil}, "", "+15145550142", "Exemple : Rémi est en route vers chez vous."},
		"planned for another day": {doc{"scheduled_date": "2026-11-25"}, "", "+15145550142", "Exemple : Rémi est en route vers chez vous."},
		"planned for dawn":        {doc{"start_time": "5:00:00"}, "", "+15145550142", "Exemple : Rémi est en route vers chez vous."},
		"by nobody in special":    {doc{"assigned_tech": nil}, "", "+15145550142", "Exemple : notre technicien est en route vers chez vous. Arrivée prévue entre 8 h 30 et 10 h 30."},
	} {
		w := newWorld(t)
		c.job["status"], c.job["address"] = "En Route", "1 rue A"
		w.deps.Track = func(context.Context, *erpnext.DispatchJob) (string, error) { return c.link, nil }
		m := moved(w.job(c.job), "Scheduled", "En Route")
		for range 2 {
			if r := w.must("customer_sms", m); r.State != "" || len(r.Trace) != 1 {
				t.Errorf("%s: %+v", name, r)
			}
		}
		to, text := w.said()
		if to != c.to || text != c.text {
			t.Errorf("%s: to %s: %q\nwant %q", name, to, text, c.text)
		}
		if _, known := w.texts[m.Job+"/en-route/2026-11-23"]; !known {
			t.Errorf("%s: keys %v", name, w.texts)
		}
	}
}

func TestEnRouteWithoutWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	late := day.Add(2 * time.Hour)
	for name, c := range map[string]struct {
		job  doc
		lead bool
		now  time.Time
		note string
	}{
		"an assistant": {doc{}, false, day, "leads"}, "no customer": {doc{"customer": nil}, true, day, "no customer"},
		"a land line": {doc{"customer": "Fil Fixe"}, true, day, "no mobile number"}, "arrived": {doc{"status": "In Progress"}, true, day, "on the way any more"},
		"hours later": {doc{}, true, late, "too late"},
	} {
		if c.job["status"] == nil {
			c.job["status"] = "En Route"
		}
		m := moved(w.job(c.job), "Scheduled", "En Route")
		m.Lead, w.deps.Now = c.lead, func() time.Time { return c.now }
		if r := w.must("customer_sms", m); r.State != effect.Skipped || !strings.Contains(r.Note, c.note) || len(w.texts) != 0 {
			t.Errorf("%s: %+v, %d messages", name, r, len(w.texts))
		}
	}
}

// TestEnRouteAgain: who turns round and sets out once more texts nobody again, but
// on another day.
func TestEnRouteAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := moved(w.job(doc{"status": "En Route"}), "Scheduled", "En Route")
	if r := w.must("customer_sms", m); r.State != "" {
		t.Errorf("%+v", r)
	}
	m.ID, m.At = "0197f2aa-0000-7000-8000-000000000099", m.At.Add(10*time.Minute)
	w.created = day.Add(time.Second)
	if r := w.must("customer_sms", m); r.State != effect.Skipped || !strings.Contains(r.Note, "told on this day") || len(w.texts) != 1 {
		t.Errorf("again: %+v, %d messages", r, len(w.texts))
	}
	m.At = m.At.AddDate(0, 0, 1) // the visit is still planned for the day before: its hours are not told
	w.deps.Now = func() time.Time { return m.At }
	if r := w.must("customer_sms", m); r.State != "" || len(w.texts) != 2 {
		t.Errorf("the next day: %+v, %d messages", r, len(w.texts))
	}
}

func TestEnRouteThatIsNotTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := moved(w.job(doc{"status": "En Route"}), "Scheduled", "En Route")
	w.queued = hub.Fail(hub.Conflict, "key-taken", "", nil)
	if r := w.must("customer_sms", m); r.State != effect.Skipped {
		t.Errorf("said before in other words: %+v", r)
	}
	w.queued = hub.Fail(hub.Invalid, "phone-invalid", "This is not a telephone number.", nil)
	w.refused("customer_sms", m, "phone-invalid")
	w.queued = errors.New("the disk is full")
	if _, err := w.do(t.Context(), "customer_sms", m); err == nil {
		t.Error("a message that was not kept counts as said")
	}
}
