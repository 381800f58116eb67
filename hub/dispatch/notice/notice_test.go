package notice_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/notice"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// TestPublish: every technician hears once of all his days, and of nothing that
// others could read over his shoulder.
func TestPublish(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]erpnextsim.Profile{"v15": erpnextsim.V15, "v16": erpnextsim.V16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			publishes(t, profile)
		})
	}
}

func publishes(t *testing.T, profile erpnextsim.Profile) {
	t.Helper()
	o := newOfficeOn(t, profile, func(d *notice.Deps) {
		d.Link = func(_ context.Context, technician, job string) (string, error) {
			return "https://hub.example.com/j/" + technician + "-" + job, nil
		}
	})
	first := o.job("T1", "2026-11-23", "08:00:00", map[string]any{"assistants": []any{map[string]any{"technician": "T2"}}})
	o.job("T1", "2026-11-23", "10:30:00", map[string]any{"job_type": "Repair", "service_location": o.place("Saint-Jérôme")})
	granby := o.place("Granby")
	o.job("T1", "2026-11-25", "", map[string]any{"status": "On Hold", "job_type": "Telephony", "service_location": granby})
	o.job("T1", "2026-12-25", "", nil)                                   // of another month
	o.job("", "2026-11-23", "", map[string]any{"status": "Open"})        // nobody's
	o.job("T1", "2026-11-24", "", map[string]any{"status": "Completed"}) // done
	english := o.job("T2", "2026-11-24", "08:00:00", map[string]any{"job_type": "Repair", "service_location": granby})
	o.job("T3", "2026-11-24", "08:00:00", nil)
	o.job("T9", "2026-11-24", "08:00:00", nil)
	if err := o.erp.Update(t.Context(), "User", "zoe@example.test", erpnext.Values{"language": "en"}, nil); err != nil {
		t.Fatal(err)
	}
	got := o.week()
	if states(got) != "T1 told 3, T2 told 1, T3 no-number 1, T9 inactive 1" || len(got.Published) != 6 || got.Action == "" {
		t.Fatalf("%+v", got)
	}
	want := []string{
		"101 Gigafibre : votre horaire, 3 visites\nlun. 23 nov. : 8 h Installation, 10 h 30 Réparation (Saint-Jérome)\nmer. 25 nov. : Téléphonie (Granby, en attente)\nhttps://hub.example.com/j/T1-" + first,
		"102 Gigafibre: your schedule, 1 visit\nTue Nov 24: 08:00 Repair (Granby)\nhttps://hub.example.com/j/T2-" + english,
	}
	said := o.messages()
	if len(said) == 2 && strings.HasPrefix(said[0], "102") {
		said[0], said[1] = said[1], said[0]
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
	for _, text := range said {
		if hub.MeasureSMS(text).Encoding != hub.GSM7 {
			t.Errorf("%q takes twice the room", text)
		}
	}
	if again := o.week(); states(again) != "T1 unchanged 3, T2 unchanged 1, T3 no-number 1, T9 inactive 1" || len(again.Published) != 0 || again.Action != "" || len(o.messages()) != 2 {
		t.Errorf("again: %+v", again)
	}
}

// TestPublishAfterChanges: whoever was told something else hears of it, nobody else.
func TestPublishAfterChanges(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	one, two := o.job("T1", "2026-11-23", "08:00:00", nil), o.job("T1", "2026-11-24", "08:00:00", nil)
	o.week()
	for _, step := range []struct {
		what   string
		job    string
		values erpnext.Values
		want   string
		says   string
	}{
		{"nothing that is said", one, erpnext.Values{"notes": "x", "route_order": 3}, "T1 unchanged 2", ""},
		{"another hour", one, erpnext.Values{"start_time": "09:00:00"}, "T1 told 2", "101 Gigafibre : votre horaire a changé, 2 visites\nlun. 23 nov. : 9 h Installation\nmar. 24 nov. : 8 h Installation"},
		{"under way", one, erpnext.Values{"status": "In Progress"}, "T1 unchanged 2", ""},
		{"done by himself", one, erpnext.Values{"status": "Completed"}, "T1 unchanged 1", ""},
		{"given to another", two, erpnext.Values{"assigned_tech": "T2", "published": 0}, "T1 told 0, T2 told 1", "102 Gigafibre : votre horaire, 1 visite\nmar. 24 nov. : 8 h Installation"},
		{"and back", two, erpnext.Values{"assigned_tech": "T1", "published": 0}, "T1 told 1, T2 told 0", "102 Gigafibre : aucune visite à votre horaire du lun. 23 nov. au dim. 29 nov."},
		{"cancelled", two, erpnext.Values{"status": "Cancelled"}, "T1 told 0", "101 Gigafibre : aucune visite à votre horaire du lun. 23 nov. au dim. 29 nov."},
		{"quiet", two, erpnext.Values{"notes": "y"}, "", ""},
	} {
		before := len(o.messages())
		o.change(step.job, step.values)
		got := o.week()
		said := o.messages()[before:]
		if states(got) != step.want {
			t.Errorf("%s: %s", step.what, states(got))
		}
		if step.says == "" && len(said) > 0 || step.says != "" && !strings.Contains(strings.Join(said, "\n\n"), step.says) {
			t.Errorf("%s: said %q", step.what, said)
		}
	}
}

// TestPublishSome: one technician's jobs, or some jobs, and why others are not.
func TestPublishSome(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	one, two := o.job("T1", "2026-11-23", "08:00:00", nil), o.job("T1", "2026-11-24", "08:00:00", nil)
	other := o.job("T2", "2026-11-24", "08:00:00", nil)
	open := o.job("", "2026-11-24", "", map[string]any{"status": "Open"})
	later := o.job("T2", "2026-12-24", "", nil)
	done := o.job("T2", "2026-11-24", "", map[string]any{"status": "Completed"})
	got := o.publish(fmt.Sprintf(`{"from":"2026-11-23","to":"2026-11-29","jobs":[%q,%q,%q,%q,"DJ-99999"]}`, one, open, later, done))
	want := []notice.Skipped{{Job: open, Reason: "unassigned"}, {Job: later, Reason: "other-day"}, {Job: done, Reason: "final"}, {Job: "DJ-99999", Reason: "not-found"}}
	if diff := cmp.Diff(want, got.Skipped); diff != "" || states(got) != "T1 told 1" || !cmp.Equal(got.Published, []string{one}) {
		t.Errorf("%s %+v", diff, got)
	}
	got = o.publish(`{"from":"2026-11-23","to":"2026-11-29","technician":"T1"}`)
	if states(got) != "T1 told 2" || !cmp.Equal(got.Published, []string{two}) {
		t.Errorf("%+v", got)
	}
	var job erpnext.DispatchJob
	if err := o.erp.Get(t.Context(), "Dispatch Job", other, &job); err != nil || bool(job.Published) {
		t.Errorf("a job of another technician is published: %v", err)
	}
	o.change(two, erpnext.Values{"assigned_tech": "T2", "published": 0})
	if got = o.publish(fmt.Sprintf(`{"from":"2026-11-23","to":"2026-11-29","jobs":[%q]}`, two)); states(got) != "T1 told 1, T2 told 1" {
		t.Errorf("who lost the job and who got it: %+v", got)
	}
}

// TestPublishWhileOthersPlan: a job that is given to another technician after the
// plan was read is published to him, and one that is taken away is not at all.
func TestPublishWhileOthersPlan(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	moved, taken := o.job("T1", "2026-11-23", "08:00:00", nil), o.job("T1", "2026-11-24", "08:00:00", nil)
	kept := o.job("T1", "2026-11-25", "08:00:00", nil)
	do := func() {
		o.change(moved, erpnext.Values{"assigned_tech": "T2"})
		o.change(taken, erpnext.Values{"assigned_tech": "", "status": "Open"})
	}
	o.meanwhile.Store(&do)
	got := o.week()
	if states(got) != "T1 told 1, T2 told 1" || !cmp.Equal(got.Published, []string{kept, moved}) || !cmp.Equal(got.Skipped, []notice.Skipped{{Job: taken, Reason: "unassigned"}}) {
		t.Errorf("%+v", got)
	}
}

// TestPublishWithALostReply: what ERPNext wrote without saying so is published, and
// can be taken back.
func TestPublishWithALostReply(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	job := o.job("T1", "2026-11-23", "08:00:00", nil)
	o.lose.Store(true)
	got := o.week()
	if states(got) != "T1 told 1" || !cmp.Equal(got.Published, []string{job}) || got.Action == "" || len(got.Skipped) > 0 || o.lose.Load() {
		t.Errorf("%+v", got)
	}
}

// TestPublishRefuses what nobody can mean.
func TestPublishRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.job("T1", "2026-11-23", "08:00:00", nil)
	for body, field := range map[string]string{
		`{"from":"","to":"2026-11-23"}`:                                                           "/from",
		`{"from":"2026-11-23","to":"soon"}`:                                                       "/to",
		`{"from":"2026-11-23","to":"2026-11-22"}`:                                                 "/to",
		`{"from":"2026-11-23","to":"2026-12-24"}`:                                                 "/to",
		`{"from":"2026-11-23","to":"2026-11-23","technician":"T7"}`:                               "/technician",
		`{"from":"2026-11-23","to":"2026-11-23","technician":"T1","jobs":["DJ-1"]}`:               "/jobs",
		`{"from":"2026-11-23","to":"2026-11-23","jobs":["DJ-1","DJ-1"]}`:                          "/jobs",
		`{"from":"2026-11-23","to":"2026-11-23","jobs":[""]}`:                                     "/jobs",
		`{"from":"2026-11-23","to":"2026-11-23","jobs":[` + strings.Repeat(`"x",`, 500) + `"y"]}`: "/jobs",
	} {
		if got := o.publish(body); got.status != 422 || len(got.Errors) != 1 || got.Errors[0].Pointer != field {
			t.Errorf("%.80s: %+v", body, got)
		}
	}
	if len(o.messages()) > 0 {
		t.Error("somebody was told all the same")
	}
}

// TestPublishCutShort: whatever is lost on the way, publishing again tells him once.
func TestPublishCutShort(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]func(*post){
		"before it is queued":      func(p *post) { p.before = hub.Fail(hub.Unavailable, "store-unavailable", "The store is away.", nil) },
		"after it is queued":       func(p *post) { p.after = hub.Fail(hub.Unavailable, "store-unavailable", "The store is away.", nil) },
		"a mistake nobody expects": func(p *post) { p.after = errors.New("torn") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var minted atomic.Int32
			o := newOffice(t, func(d *notice.Deps) {
				d.Link = func(context.Context, string, string) (string, error) {
					return fmt.Sprintf("https://hub.example.com/j/%d", minted.Add(1)), nil // never the same twice
				}
			})
			o.job("T1", "2026-11-23", "08:00:00", nil)
			broken(o.post)
			if got := o.week(); states(got) != "T1 failed 1" || got.Items[0].Error == "" {
				t.Errorf("%+v", got)
			}
			o.week()
			if again := o.week(); states(again) != "T1 unchanged 1" || len(o.messages()) != 1 {
				t.Errorf("%s, said %q", states(again), o.messages())
			}
		})
	}
}

// TestPublishWithoutALink tells nobody half of it.
func TestPublishWithoutALink(t *testing.T) {
	t.Parallel()
	away := errors.New("no keys")
	o := newOffice(t, func(d *notice.Deps) {
		d.Link = func(context.Context, string, string) (string, error) {
			err := away
			away = nil
			return "https://hub.example.com/j/1", err
		}
	})
	o.job("T1", "2026-11-23", "08:00:00", nil)
	if got := o.week(); states(got) != "T1 failed 1" || len(o.messages()) > 0 {
		t.Errorf("%+v, said %q", got, o.messages())
	}
	if got := o.week(); states(got) != "T1 told 1" || len(o.messages()) != 1 {
		t.Errorf("%+v, said %q", got, o.messages())
	}
}

// TestPublishAndHangUp: who closes his browser in the middle leaves nobody untold.
func TestPublishAndHangUp(t *testing.T) {
	t.Parallel()
	ctx, hangUp := context.WithCancel(t.Context())
	o := newOffice(t, func(d *notice.Deps) {
		d.Link = func(ctx context.Context, _, _ string) (string, error) {
			hangUp()
			return "https://hub.example.com/j/1", ctx.Err()
		}
	})
	o.job("T1", "2026-11-23", "08:00:00", nil)
	o.job("T2", "2026-11-24", "08:00:00", nil)
	got, err := notice.New(o.deps).Publish(ctx, notice.Order{From: "2026-11-23", To: "2026-11-29"})
	if err != nil || ctx.Err() == nil || states(answer{Answer: *got}) != "T1 told 1, T2 told 1" || len(o.messages()) != 2 {
		t.Errorf("%+v, %v, said %q", got, err, o.messages())
	}
}

// TestPublishAtOnce: several dispatchers publish the same days, and each technician
// gets one SMS.
func TestPublishAtOnce(t *testing.T) {
	t.Parallel()
	var minted atomic.Int32
	o := newOffice(t, func(d *notice.Deps) {
		d.Link = func(context.Context, string, string) (string, error) {
			return fmt.Sprintf("https://hub.example.com/j/%d", minted.Add(1)), nil
		}
	})
	for _, who := range []string{"T1", "T2"} {
		o.job(who, "2026-11-23", "08:00:00", nil)
	}
	var all sync.WaitGroup
	for range 5 { // hubs of their own on one store: nothing but the store keeps them apart
		deps := o.deps
		deps.ERPNext = o.client()
		all.Go(func() {
			answer, err := notice.New(deps).Publish(t.Context(), notice.Order{From: "2026-11-23", To: "2026-11-29"})
			if err != nil || len(answer.Skipped) > 0 || len(answer.Items) != 2 {
				t.Errorf("%+v, %v", answer, err)
			}
		})
	}
	all.Wait()
	if got := o.week(); states(got) != "T1 unchanged 1, T2 unchanged 1" || len(o.messages()) != 2 {
		t.Errorf("%s, said %q", states(got), o.messages())
	}
}

// relay is the way to the outbox, with something to do before and after.
type relay struct {
	notice.Mail
	before, after func()
}

func (r relay) Queue(ctx context.Context, m outbox.Message) (outbox.Entry, error) {
	r.before()
	defer r.after()
	return r.Mail.Queue(ctx, m)
}

// TestPublishDifferentDaysAtOnce: two hubs tell one technician of different days in
// the same moment. He hears of both, once each, whoever is the first to note it.
func TestPublishDifferentDaysAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.job("T1", "2026-11-23", "08:00:00", nil)
	o.job("T1", "2026-11-24", "08:00:00", nil)
	nothing, queued, noted := func() {}, make(chan struct{}), make(chan struct{})
	publish := func(day erpnext.Date, before, after func()) {
		deps := o.deps
		deps.ERPNext, deps.Mail = o.client(), relay{o.post, before, after}
		answer, err := notice.New(deps).Publish(t.Context(), notice.Order{From: day, To: day})
		if err != nil || len(answer.Items) != 1 || answer.Items[0].State != "told" {
			t.Errorf("%s: %+v, %v", day, answer, err)
		}
	}
	var other sync.WaitGroup
	publish("2026-11-23", func() {
		other.Go(func() { publish("2026-11-24", nothing, func() { close(queued); <-noted }) })
		<-queued
	}, nothing)
	close(noted)
	other.Wait()
	if got := o.week(); states(got) != "T1 unchanged 2" || len(o.messages()) != 2 {
		t.Errorf("%s, said %q", states(got), o.messages())
	}
}
