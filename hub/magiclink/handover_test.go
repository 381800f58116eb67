package magiclink_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/magiclink"
)

// TestHandover: work goes to somebody else. The former one's link ends at once; the
// new one gets one SMS with a link of his own, and the former one a fresh link to
// what he has still.
func TestHandover(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	job, other := o.job("T1", nil), o.job("T1", map[string]any{"scheduled_date": day(2)})
	link, err := o.desk.Link(t.Context(), "T1", job)
	if err != nil || o.open(link) != "T1 "+job {
		t.Fatalf("link: %v", err)
	}
	o.assign(t.Context(), "T2", job)
	hubtest.Await(t, "the former link ended", func() bool { return o.open(link) == "410" })
	o.idle()
	sent := o.messages()
	if len(sent) != 2 {
		t.Fatalf("sent %q", sent)
	}
	for _, message := range sent {
		want, words := "T2 "+job, "Your day"
		if strings.HasPrefix(message, "101 ") {
			want, words = "T1 "+other, "Votre journée"
		}
		if who := o.open(linkIn(message)); who != want || !strings.Contains(message, words) || hub.MeasureSMS(message).Segments != 1 {
			t.Errorf("%q opens as %q, want %q", message, who, want)
		}
		for _, secret := range []string{"Untel", "1234", "Essais"} {
			if strings.Contains(message, secret) {
				t.Errorf("%q says %q", message, secret)
			}
		}
	}
}

// TestHandoverTellsOnce: five work orders in a row are one SMS; later ones another.
func TestHandoverTellsOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, func(d *magiclink.Deps) { d.Config.Gather = time.Hour })
	for range 2 {
		for _, start := range []string{"14:00:00", "08:00:00", "10:00:00"} {
			o.assign(t.Context(), "T1", o.job("", map[string]any{"status": "Open", "start_time": start}))
		}
		o.assign(t.Context(), "T1", o.job("T2", nil), o.job("T2", nil))
		o.flush()
	}
	sent := o.messages()
	if len(sent) != 2 || !strings.Contains(sent[0], when(1)+" 8 h)") {
		t.Errorf("sent %q", sent)
	}
}

// TestThereAndBack: who gives work away and takes it back at once tells nobody but
// the one whose link ended with it.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t, func(d *magiclink.Deps) {
		d.Config.Gather = time.Hour
		d.Told = func(context.Context, string, *erpnext.DispatchJob) (time.Time, error) { return time.Unix(1, 0), nil }
	})
	job := o.job("T1", nil)
	link, err := o.desk.Link(t.Context(), "T1", job)
	if err != nil {
		t.Fatal(err)
	}
	o.assign(t.Context(), "T2", job)
	hubtest.Await(t, "the former link ended", func() bool { return o.open(link) == "410" })
	o.assign(t.Context(), "T1", job)
	o.flush()
	sent := o.messages()
	if len(sent) != 1 || !strings.HasPrefix(sent[0], "101 ") || o.open(linkIn(sent[0])) != "T1 "+job {
		t.Errorf("sent %q", sent)
	}
}

// TestNobodyIsTold: of drafts, of what is done, of what he knows, and of what he took
// himself, nobody hears by SMS; nor does who has no telephone, or has left.
func TestNobodyIsTold(t *testing.T) {
	t.Parallel()
	known := ""
	o := newOffice(t, func(d *magiclink.Deps) {
		d.Told = func(_ context.Context, technician string, job *erpnext.DispatchJob) (at time.Time, err error) {
			if technician == "T2" && job.Name == known {
				at = time.Unix(1, 0)
			}
			return at, nil
		}
	})
	known = o.job("T1", nil)
	o.assign(t.Context(), "T2", known)
	o.assign(t.Context(), "T2", o.job("T1", map[string]any{"published": 0}))
	o.assign(t.Context(), "T2", o.job("T1", map[string]any{"status": "Cancelled"}))
	o.assign(t.Context(), "T3", o.job("T1", nil))
	o.assign(t.Context(), "T9", o.job("T1", nil))
	o.assign(t.Context(), "T7", o.job("T1", nil))
	o.assign(t.Context(), "", o.job("T1", nil))
	claimed := o.job("", map[string]any{"status": "Open"})
	o.assign(t.Context(), "T2", o.job("T2", nil)) // no change at all
	itself, err := o.claim("T1", claimed)
	if err != nil || itself == nil {
		t.Fatal(err)
	}
	o.change(claimed, erpnext.Values{"assigned_tech": "T1"})
	itself(t.Context())
	o.idle()
	if sent := o.messages(); len(sent) > 0 {
		t.Errorf("sent %q", sent)
	}
}

// claim announces that a technician takes work himself.
func (o *office) claim(technician, job string) (written func(context.Context), err error) {
	free := &erpnext.DispatchJob{}
	free.Name = job
	ctx := hub.WithActor(o.tb.Context(), hub.Actor{Role: hub.RoleTechnician, ID: technician})
	return o.desk.Reassigning(ctx, free)
}

// TestClaimInVain: a technician who wanted a work order that somebody else got is told
// of it like everybody when it is given to him after all.
func TestClaimInVain(t *testing.T) {
	t.Parallel()
	for name, past := range map[string]bool{"by the hub": false, "past the hub": true} {
		o := newOffice(t)
		job := o.job("", map[string]any{"status": "Open"})
		written, err := o.claim("T1", job)
		if err != nil {
			t.Fatal(err)
		}
		o.change(job, erpnext.Values{"assigned_tech": "T2"}) // was faster
		written(t.Context())
		o.idle()
		if past {
			o.change(job, erpnext.Values{"assigned_tech": "T1"})
			err = o.desk.Noted(t.Context(), o.read(job))
		} else {
			o.assign(t.Context(), "T1", job)
		}
		o.idle()
		sent := o.messages()
		if err != nil || len(sent) != 2 || !strings.HasPrefix(sent[1], "101 ") {
			t.Errorf("%s: sent %q, %v", name, sent, err)
		}
	}
}

// TestDispatcherAfterAClaim: whatever became of a claim, a dispatcher's decision after
// it is news.
func TestDispatcherAfterAClaim(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	job := o.job("", map[string]any{"status": "Open"})
	if _, err := o.claim("T1", job); err != nil { // and ERPNext was away
		t.Fatal(err)
	}
	o.assign(t.Context(), "T1", job)
	o.idle()
	if sent := o.messages(); len(sent) != 1 {
		t.Errorf("sent %q", sent)
	}
}

// TestTechnicianLeaves: whoever does not work any more gets in no more, by whatever
// link; the others stay, and so does who comes back with a new one.
func TestTechnicianLeaves(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	mine, theirs := o.job("T1", nil), o.job("T2", nil)
	leaves, stays := o.call("/otp/tech-link", map[string]any{"technician": "T1", "job": mine}), o.call("/otp/tech-link", map[string]any{"technician": "T2", "job": theirs})
	works := func(yes int) {
		t.Helper()
		if err := o.erp.Update(t.Context(), "Dispatch Technician", "T1", erpnext.Values{"active": yes}, nil); err != nil {
			t.Fatal(err)
		}
		for _, technician := range []string{"T1", "T2"} {
			if err := o.desk.Changed(t.Context(), technician); err != nil {
				t.Fatal(err)
			}
		}
	}
	works(1)
	if who := o.open(leaves.Token); who != "T1 "+mine {
		t.Errorf("changed, and still at work: %s", who)
	}
	works(0)
	if o.open(leaves.Token) != "410" || o.open(stays.Token) != "T2 "+theirs {
		t.Errorf("who left: %s, who stayed: %s", o.open(leaves.Token), o.open(stays.Token))
	}
	works(1)
	if back := o.call("/otp/tech-link", map[string]any{"technician": "T1", "job": mine}); o.open(back.Token) != "T1 "+mine || o.open(leaves.Token) != "410" {
		t.Errorf("who came back: %s", o.open(back.Token))
	}
	if err := o.desk.Changed(t.Context(), "nobody"); err != nil {
		t.Error(err)
	}
}

// TestChangedPastTheHub: work that is given to somebody else in ERPNext has the same
// consequences, once, however often it is noted; what is seen for the first time is
// no change.
func TestChangedPastTheHub(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	job := o.job("T1", nil)
	note := func() {
		t.Helper()
		if err := o.desk.Noted(t.Context(), o.read(job)); err != nil {
			t.Fatal(err)
		}
	}
	note()
	made := o.call("/otp/tech-link", map[string]any{"technician": "T1", "job": job})
	o.change(job, erpnext.Values{"assigned_tech": "T2"})
	note()
	note()
	o.idle()
	note()
	o.idle()
	if sent := o.messages(); len(sent) != 1 || o.open(linkIn(sent[0])) != "T2 "+job || o.open(made.Token) != "410" {
		t.Errorf("sent %q; the former link: %s", sent, o.open(made.Token))
	}
}

// TestOldNews: whoever notes what he read before a handover, or what nobody knew of
// until it is handed over, changes nothing.
func TestOldNews(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	job := o.job("T1", nil)
	old := o.read(job)
	written, err := o.desk.Reassigning(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	o.change(job, erpnext.Values{"assigned_tech": "T2"})
	if err := o.desk.Noted(t.Context(), o.read(job)); err != nil { // the mirror is faster
		t.Fatal(err)
	}
	written(t.Context())
	o.idle()
	link, err := o.desk.Link(t.Context(), "T2", job)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.desk.Noted(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	o.idle()
	if sent := o.messages(); len(sent) != 1 || !strings.HasPrefix(sent[0], "102 ") || o.open(link) != "T2 "+job {
		t.Errorf("sent %q; the link is %s", sent, o.open(link))
	}
}

// TestAssistantLeaves: the link of who does not assist any more ends; the others stay.
func TestAssistantLeaves(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	job := o.job("T1", map[string]any{"assistants": []map[string]any{{"technician": "T3"}}})
	lead, helper := o.call("/otp/tech-link", map[string]any{"technician": "T1", "job": job}), o.call("/otp/tech-link", map[string]any{"technician": "T3", "job": job})
	o.assign(t.Context(), "T2", job)
	o.idle()
	if o.open(lead.Token) != "410" || o.open(helper.Token) != "T3 "+job {
		t.Errorf("after the handover: lead %s, assistant %s", o.open(lead.Token), o.open(helper.Token))
	}
	o.change(job, erpnext.Values{"assistants": erpnext.Replace(nil)})
	o.assign(t.Context(), "T2", job)
	o.idle()
	if o.open(helper.Token) != "410" {
		t.Errorf("who assisted: %s", o.open(helper.Token))
	}
}

// TestRefresh: the former one's links end, the new one's is made, and he is told by
// one SMS however often it is asked for; a draft is told because somebody asked.
func TestRefresh(t *testing.T) {
	t.Parallel()
	o := newOffice(t, func(d *magiclink.Deps) { d.Config.Gather = time.Hour })
	job, draft := o.job("T1", nil), o.job("T2", map[string]any{"published": 0})
	former := o.call("/otp/tech-link", map[string]any{"technician": "T1", "job": job})
	o.change(job, erpnext.Values{"assigned_tech": "T2"})
	first := o.call("/magic-link/refresh", map[string]any{"job": job})
	if first.status != http.StatusOK || first.Technician != "T2" || first.Revoked != 1 || len(first.Sent) != 1 || first.Sent[0].Due == nil || o.open(first.Token) != "T2 "+job {
		t.Fatalf("%+v", first)
	}
	if o.open(former.Token) != "410" {
		t.Errorf("the former link: %s", o.open(former.Token))
	}
	again, other := o.call("/magic-link/refresh", map[string]any{"job": job}), o.call("/magic-link/refresh", map[string]any{"job": draft})
	if again.Revoked != 0 || other.status != http.StatusOK || o.open(first.Token) != "T2 "+job {
		t.Errorf("again: %+v; the draft: %+v", again, other)
	}
	o.flush()
	if sent := o.messages(); len(sent) != 1 || !strings.HasPrefix(sent[0], "102 ") {
		t.Errorf("sent %q", sent)
	}
}

// TestRefreshRefused: nothing is made for what nobody has, or somebody who has left;
// the links of who had it end all the same.
func TestRefreshRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	job := o.job("T1", nil)
	former := o.call("/otp/tech-link", map[string]any{"technician": "T1", "job": job})
	o.change(job, erpnext.Values{"assigned_tech": ""})
	if got := o.call("/magic-link/refresh", map[string]any{"job": job}); got.status != http.StatusConflict || got.State["revoked"] != 1.0 || o.open(former.Token) != "410" {
		t.Errorf("%+v; the former link: %s", got, o.open(former.Token))
	}
	for name, want := range map[string]int{o.job("T9", nil): 422, "DJ-none": 404, "": 422} {
		if got := o.call("/magic-link/refresh", map[string]any{"job": name}); got.status != want {
			t.Errorf("%q: %+v", name, got)
		}
	}
	done := o.job("T2", map[string]any{"status": "Completed"})
	if got := o.call("/magic-link/refresh", map[string]any{"job": done}); got.status != http.StatusConflict || got.State["status"] != "Completed" {
		t.Errorf("a work order that is over: %+v", got)
	}
	quiet := o.call("/magic-link/refresh", map[string]any{"job": o.job("T3", nil)})
	if quiet.status != http.StatusOK || len(quiet.Sent) != 0 || quiet.URL == "" {
		t.Errorf("without a telephone: %+v", quiet)
	}
	o.idle()
	if sent := o.messages(); len(sent) > 0 {
		t.Errorf("sent %q", sent)
	}
}
