package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/outbox/progress"
)

func TestPostedMessageIsQueued(t *testing.T) {
	t.Parallel()
	f := open(t, live(), nil)
	const body = `{"channel":"sms","to":"514-555-0123","template":"demo.link","vars":{"name":"Ann","url":"https://x.example/1"},
		"lang":"fr","customer":"C-0001","reference_doctype":"Quotation","reference_name":"SAL-QTN-2026-00001","dedupe_key":"k1","urgent":true}`
	var first, again struct{ ID, Status string }
	if got := f.call(hub.RoleService, "POST", "/messages", body, &first); got != http.StatusAccepted || first.Status != outbox.StatusQueued {
		t.Fatalf("answered %d %+v", got, first)
	}
	if got := f.call(hub.RoleStaff, "POST", "/messages", body, &again); got != http.StatusAccepted || again != first {
		t.Errorf("the same key answered %d %+v", got, again)
	}
	var entry outbox.Entry
	if got := f.call(hub.RoleStaff, "GET", "/messages/"+first.ID, "", &entry); got != http.StatusOK {
		t.Fatalf("reading it answered %d", got)
	}
	entry.CreatedAt, entry.UpdatedAt = time.Time{}, time.Time{}
	want := outbox.Entry{
		ID: first.ID, Channel: outbox.SMS, Status: outbox.StatusQueued, To: number,
		Body: "Bonjour Ann, votre lien : https://x.example/1", Template: "demo.link",
		Vars: map[string]any{"name": "Ann", "url": "https://x.example/1"}, Lang: hub.French, Segments: 1, Encoding: hub.GSM7,
		Customer: "C-0001", Doctype: "Quotation", Name: "SAL-QTN-2026-00001", DedupeKey: "k1", Urgent: true,
	}
	if diff := cmp.Diff(want, entry); diff != "" {
		t.Error(diff)
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	f := open(t, live(), nil)
	other, _, err := f.engine.Put(t.Context(), keep.Job{Kind: "inbox.docuseal"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		role         hub.Role
		method, path string
		body         string
		want         int
	}{
		{hub.RoleTechnician, "POST", "/messages", `{"channel":"sms","to":"5145550123","body":"x"}`, 401},
		{hub.RoleService, "GET", "/messages", "", 401},
		{hub.RolePublic, "GET", "/messages", "", 401},
		{hub.RoleStaff, "GET", "/messages/" + other.ID, "", 404},
		{hub.RoleStaff, "GET", "/messages/nobody", "", 404},
		{hub.RoleStaff, "POST", "/messages/" + other.ID + "/cancel", `{"reason":"none of yours"}`, 404},
		{hub.RoleStaff, "POST", "/messages", `{"channel":"fax","to":"5145550123","body":"x"}`, 422},
		{hub.RoleStaff, "POST", "/messages", `{"channel":"sms","to":"pigeon","body":"x"}`, 422},
		{hub.RoleStaff, "POST", "/messages", `{`, 400},
		{hub.RoleStaff, "GET", "/messages?limit=0", "", 422},
		{hub.RoleStaff, "GET", "/messages?q=zzz&wait=10", "", 422},
		{hub.RoleStaff, "GET", "/messages?status=vanished", "", 422},
	} {
		var p problem
		if got := f.call(c.role, c.method, c.path, c.body, &p); got != c.want || p.Code == "" {
			t.Errorf("%s %s as %s: %d %+v, want %d", c.method, c.path, c.role, got, p, c.want)
		}
	}
}

func TestDecisionsAreCarriedOutAndRecorded(t *testing.T) {
	t.Parallel()
	sender := &pen{}
	f := open(t, live(), sender)
	id := f.queue(sms()).ID // nobody works yet
	decide := func(verb, reason string, want int) outbox.Entry {
		t.Helper()
		var raw json.RawMessage
		got := f.call(hub.RoleStaff, "POST", "/messages/"+id+"/"+verb, fmt.Sprintf(`{"reason":%q}`, reason), &raw)
		if got != want {
			t.Fatalf("%s answered %d %s, want %d", verb, got, raw, want)
		}
		var entry outbox.Entry
		if err := json.Unmarshal(raw, &entry); err != nil && got == 200 {
			t.Fatal(err)
		}
		return entry
	}
	decide("release", "hurry", 409) // it waits already
	decide("resend", "hurry", 409)
	decide("cancel", "   ", 422)
	if entry := decide("cancel", "wrong customer", 200); entry.Status != outbox.StatusCancelled || entry.Reason != "wrong customer" {
		t.Errorf("cancelled as %+v", entry)
	}
	decide("cancel", "once more", 409)
	decide("resend", "right after all", 200)
	f.work()
	f.becomes(id, outbox.StatusSent)
	decide("resend", "she deleted it", 200)
	f.heardTimes(id, hub.MessageSent, 2)
	if len(sender.sent()) != 2 {
		t.Errorf("sent %d times", len(sender.sent()))
	}
	records, _, err := f.engine.Audits(t.Context(), keep.AuditFilter{Name: id})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]string, 0, len(records))
	for _, r := range records {
		got = append(got, r.Actor+" "+r.Action+": "+r.Detail)
	}
	want := []string{
		"staff:ann message.resend: she deleted it", "staff:ann message.resend: right after all",
		"staff:ann message.cancel: wrong customer",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// forgetful is a store that cannot write the audit.
type forgetful struct{ outbox.Store }

func (forgetful) Audit(context.Context, keep.Record) error { return errors.New("no room") }

// What cannot be put on record is not done.
func TestDecisionsAreRecordedFirst(t *testing.T) {
	t.Parallel()
	f := open(t, live(), never{t}, func(d *outbox.Deps) { d.Store = forgetful{d.Store} })
	id := f.queue(sms()).ID
	if _, err := f.box.Cancel(t.Context(), id, "wrong customer"); err == nil || f.becomes(id, outbox.StatusQueued).Reason != "" {
		t.Errorf("cancelled all the same, %v", err)
	}
	if _, err := f.engine.Change(t.Context(), id, keep.Cancel, "by hand"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.box.Resend(t.Context(), id, "right after all"); err == nil {
		t.Error("no failure is told")
	}
	f.becomes(id, outbox.StatusCancelled)
	if err := f.box.OptOut(t.Context(), outbox.OptOut{Channel: outbox.SMS, Address: number, Source: "STOP"}); err == nil {
		t.Error("no failure is told")
	}
}

func (f *office) heardTimes(id, name string, times int) {
	f.t.Helper()
	wake, err := f.engine.Subscribe(f.t.Context(), keep.WakeEvents)
	if err != nil {
		f.t.Fatal(err)
	}
	for {
		n := 0
		for _, heard := range f.heard(id) {
			if heard == name {
				n++
			}
		}
		if n == times {
			return
		}
		if _, open := <-wake; !open {
			f.t.Fatalf("heard %s %d times, want %d", name, n, times)
		}
	}
}

// TestReleasePassesOnceTheModeAllows restarts the hub with another mode.
func TestReleasePassesOnceTheModeAllows(t *testing.T) {
	t.Parallel()
	f := open(t, outbox.Config{}, never{t})
	f.work()
	id := f.queue(sms()).ID
	f.becomes(id, outbox.StatusCaptured)
	opened, err := outbox.New(live(), outbox.Deps{
		Store: f.engine, Events: hubtest.News{Ring: f.engine}, Log: f.quiet(), PublicURL: "https://hub.example.com",
		Senders: map[outbox.Channel]outbox.Sender{outbox.SMS: &pen{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	entry, err := opened.Release(context.Background(), id, "go live")
	if err != nil || entry.Status != outbox.StatusQueued {
		t.Fatalf("released as %+v, %v", entry, err)
	}
	// The runner that works here still has the shut gate: it keeps the message.
	f.heardTimes(id, hub.MessageHeld, 2)
	f.becomes(id, outbox.StatusCaptured)
}

func TestListNarrowsAndTurnsPages(t *testing.T) {
	t.Parallel()
	f := open(t, live(), nil)
	for i := range 5 {
		f.queue(outbox.Message{
			Channel: outbox.SMS, To: fmt.Sprintf("514555010%d", i), Body: "Bonjour", Customer: "C-0001",
			DedupeKey: fmt.Sprintf("key-%d", i),
		})
	}
	mail := f.queue(outbox.Message{Channel: outbox.Email, To: address, Body: "Bonjour", Doctype: "Quotation", Name: "SAL-QTN-2026-00042"})
	if _, err := f.box.Cancel(context.Background(), mail.ID, "not needed"); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]int{
		"": 6, "channel=sms": 5, "channel=email": 1, "status=queued": 5, "status=cancelled": 1, "status=sent": 0,
		"status=delivered": 0, "status=captured": 0, "to=%28514%29+555-0103": 1, "to=Ann%40EXAMPLE.com": 1,
		"to=5145550999": 0, "customer=C-0001": 5, "q=qtn-2026-00042": 1, "q=key-3": 1, "q=key": 5,
	} {
		var p page
		if got := f.call(hub.RoleStaff, "GET", "/messages?"+query, "", &p); got != 200 || len(p.Items) != want || p.Items == nil {
			t.Errorf("?%s answered %d with %d messages, want %d", query, got, len(p.Items), want)
		}
	}
	for _, status := range strings.Fields("queued captured sending sent delivered undelivered bounced opened clicked maybe-sent failed cancelled") {
		if got := f.call(hub.RoleStaff, "GET", "/messages?status="+status, "", nil); got != 200 || !strings.Contains(progress.Doc, status) {
			t.Errorf("?status=%s answered %d", status, got)
		}
	}
	var seen []string
	for cursor := ""; ; {
		var p page
		f.call(hub.RoleStaff, "GET", "/messages?channel=sms&limit=2&cursor="+cursor, "", &p)
		for _, e := range p.Items {
			seen = append(seen, e.DedupeKey)
		}
		if p.Next == nil {
			break
		}
		cursor = *p.Next
	}
	if diff := cmp.Diff([]string{"key-4", "key-3", "key-2", "key-1", "key-0"}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestWaitingListAnswersAtTheFirstMatch(t *testing.T) {
	t.Parallel()
	f := open(t, outbox.Config{}, never{t})
	var none page
	if got := f.call(hub.RoleStaff, "GET", "/messages?wait=0.05", "", &none); got != 200 || len(none.Items) != 0 {
		t.Errorf("answered %d %+v", got, none)
	}
	answered := make(chan page, 1)
	go func() {
		entries, _, err := f.box.List(context.Background(), outbox.Search{Status: outbox.StatusCaptured, To: number, Wait: 10 * time.Second})
		if err != nil {
			t.Error(err)
		}
		answered <- page{Items: entries}
	}()
	f.work()
	id := f.queue(sms()).ID
	if p := <-answered; len(p.Items) != 1 || p.Items[0].ID != id {
		t.Errorf("answered %+v", p)
	}
}
