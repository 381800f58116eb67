package conversation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub/conversation"
)

// People write a number in many ways, and in several fields.
func TestSenderIsKnownInAnySpelling(t *testing.T) {
	t.Parallel()
	o := open(t)
	for i, tc := range []struct{ field, written, from string }{
		{"cell_phone", "514-555-0101", "+15145550101"},
		{"cell_phone", "(514) 555-0102", "+15145550102"},
		{"cell_phone", "+15145550103", "+15145550103"},
		{"mobile_no", "1 514 555 0104", "+15145550104"},
		{"tel_home", "514.555.0105 poste 12", "+15145550105"},
		{"tel_home", "450-555-0199 / 514 555-0106 (cell)", "+15145550106"},
		{"cell_phone", "51 45 55 01 07", "+15145550107"},
		{"cell_phone", "+33 6 12 34 56 78", "+33612345678"},
	} {
		name := "CUST-" + ids("", i+1)[i]
		o.serve(t, name, tc.field, tc.written)
		if out := o.receive(t, sms("SM"+name, tc.from, "Bonjour")); out.Customer != name {
			t.Errorf("%q is not found in %s: %+v", tc.from, tc.field, out)
		}
	}
	// One digit more or less is somebody else, and so is a number that is too short.
	for _, from := range []string{"+15145550108", "+14185550101", "12345", "", "anonymous"} {
		if out := o.receive(t, sms("SM?"+from, from, "Allô")); out.State != conversation.Unassigned || out.Customer != "" {
			t.Errorf("%q was taken for %+v", from, out)
		}
	}
}

func TestTextIsWrittenAsItCame(t *testing.T) {
	t.Parallel()
	for _, profile := range []erpnextsim.Profile{erpnextsim.V15, erpnextsim.V16} {
		t.Run(profile.String(), func(t *testing.T) {
			t.Parallel()
			writeOne(t, openOn(t, profile))
		})
	}
}

func writeOne(t *testing.T, o *office) {
	t.Helper()
	o.serve(t, ann, "cell_phone", "514 555-0123")
	in := sms("SM1", cell, "Ça marche pas! Où êtes-vous? 🛠️ <b>\nMerci & bonne journée")
	in.At = time.Date(2026, 7, 1, 16, 30, 0, 0, time.UTC)
	in.Media = []conversation.Media{{URL: "https://api.example.com/media/ME1?a=1&b=2", Type: "image/jpeg"}, {URL: "javascript:alert(1)"}}
	out := o.receive(t, in)
	issue, comm := one(t, o.all(t, "Issue")), one(t, o.all(t, "Communication"))
	if issue["name"] != out.Issue || issue["customer"] != ann || issue["status"] != "Open" || issue["source"] != "SMS" ||
		issue["subject"] != "SMS : Ça marche pas! Où êtes-vous? 🛠️ ‹b› Merci & bonne journée" {
		t.Errorf("issue %v", issue)
	}
	got := map[string]any{}
	want := map[string]any{
		"name": out.Communication, "communication_medium": "SMS", "communication_type": "Communication", "sent_or_received": "Received",
		"phone_no": cell, "reference_doctype": "Issue", "reference_name": out.Issue, "message_id": "SM1", "status": "Linked",
		"communication_date": "2026-07-01 12:30:00",
		"content": "<p>Ça marche pas! Où êtes-vous? 🛠️ &lt;b&gt;<br>Merci &amp; bonne journée</p>" +
			`<p><a href="https://api.example.com/media/ME1?a=1&amp;b=2">image/jpeg</a></p>`,
	}
	for key := range want {
		got[key] = comm[key]
	}
	if date, ok := got["communication_date"].(string); ok {
		got["communication_date"], _, _ = strings.Cut(date, ".")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("communication (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"message.received"}, o.news(t)); diff != "" {
		t.Error(diff)
	}
}

func TestOddTexts(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.serve(t, ann, "cell_phone", cell)
	o.receive(t, sms("SM1", cell, empty))
	long := strings.Repeat("é", 1600)
	o.receive(t, sms("SM2", cell, long))
	o.receive(t, sms("SM3", cell, "un\x00deux\r\ntrois\xff\x07"))
	if diff := cmp.Diff([]string{"", long, "undeux<br>trois�"}, o.bodies(t)); diff != "" {
		t.Error(diff)
	}
	for _, id := range []string{"", strings.Repeat("x", 121)} {
		if _, err := o.desk.Receive(t.Context(), sms(id, cell, "x")); err == nil {
			t.Errorf("a text with the id %.5q was taken", id)
		}
	}
	if issue := one(t, o.all(t, "Issue")); issue["subject"] != "SMS : (sans texte)" {
		t.Errorf("subject %v", issue["subject"])
	}
}

// A text goes to the open Issue on which the number wrote, else to the one that
// changed last; not to one that is closed, nor to one that was silent for a week.
func TestWhichIssue(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.serve(t, ann, "cell_phone", cell)
	issue := func(subject, status, thread string) string {
		return o.put(t, "Issue", map[string]any{"subject": subject, "customer": ann, "status": status, "sms_thread": thread})
	}
	old := issue("ancien", "Open", cell)
	o.pass(7*24*time.Hour + time.Minute)
	issue("réglé", "Resolved", cell)
	issue("fermé", "Closed", cell)
	first := o.receive(t, sms("SM1", cell, "Bonjour"))
	if first.Issue == old || len(o.all(t, "Issue")) != 4 {
		t.Fatalf("the text went to %s", first.Issue)
	}
	o.pass(time.Minute)
	other := issue("en attente", "On Hold", "")
	if second := o.receive(t, sms("SM2", cell, "Encore moi")); second.Issue != first.Issue {
		t.Errorf("the thread moved from %s to %s", first.Issue, second.Issue)
	}
	if _, err := o.site.Put("Issue", map[string]any{"name": first.Issue, "status": "Closed"}); err != nil {
		t.Fatal(err)
	}
	if third := o.receive(t, sms("SM3", cell, "Et aussi")); third.Issue != other {
		t.Errorf("the text went to %s, want %s", third.Issue, other)
	}
	if doc, err := o.site.Doc("Issue", other); err != nil || doc["status"] != "Open" {
		t.Errorf("an issue that is answered stays %v (%v)", doc["status"], err)
	}
}

// Customers who left do not stand in the way of those who are served.
func TestDisabledCustomers(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.put(t, "Customer", map[string]any{"name": "CUST-OLD", "customer_name": "Ancien", "customer_type": "Individual", "cell_phone": cell, "disabled": 1})
	if out := o.receive(t, sms("SM1", cell, "Ma dernière facture")); out.Customer != "CUST-OLD" {
		t.Errorf("nobody else has the number: %+v", out)
	}
	o.serve(t, ann, "tel_home", cell)
	if out := o.receive(t, sms("SM2", cell, "Bonjour")); out.Customer != ann {
		t.Errorf("the text went to %+v", out)
	}
}

func TestStopOpensNoIssue(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.serve(t, ann, "cell_phone", cell)
	heard := 0
	o.words = func(in conversation.Inbound) (string, error) {
		heard++
		return map[string]string{"ARRET": conversation.WordStop, "STOP": conversation.WordStop, "Cancel!": conversation.WordStop}[in.Body], nil
	}
	out := o.receive(t, sms("SM1", cell, "ARRET"))
	if out.Issue != "" || len(o.all(t, "Issue")) != 0 {
		t.Errorf("a bare STOP opened an issue: %+v", out)
	}
	if comm := one(t, o.all(t, "Communication")); comm["reference_doctype"] != "Customer" || comm["reference_name"] != ann {
		t.Errorf("communication %v", comm)
	}
	talk := o.receive(t, sms("SM2", cell, "Cancel!")) // an answer for a person, too
	if out := o.receive(t, sms("SM3", cell, "STOP")); talk.Issue == "" || out.Issue != talk.Issue || heard != 3 {
		t.Errorf("a STOP in a conversation went to %+v, %d texts heard", out, heard)
	}
}

// Whatever the number of customers, a text costs a bounded number of calls.
func TestCallsAreBounded(t *testing.T) {
	t.Parallel()
	o := open(t)
	for _, name := range ids("CUST-", 30) {
		o.serve(t, name, "cell_phone", "418-555-0"+name[5:])
	}
	o.serve(t, ann, "cell_phone", cell)
	o.receive(t, sms("SM1", cell, "a"))
	before := o.calls.Load()
	o.receive(t, sms("SM2", cell, "b"))
	if n := o.calls.Load() - before; n > 4 {
		t.Errorf("a text on an open issue cost %d calls, want at most 4", n)
	}
}
