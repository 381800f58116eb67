package notice_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/notice"
)

// TestPublishNothing: whose work is all gone is told so for the day or the days
// that were published, in his language.
func TestPublishNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	if err := o.erp.Update(t.Context(), "User", "zoe@example.test", erpnext.Values{"language": "en"}, nil); err != nil {
		t.Fatal(err)
	}
	jobs := []string{o.job("T1", "2026-11-23", "", nil), o.job("T2", "2026-11-23", "", nil)}
	for body, want := range map[string][]string{
		`{"from":"2026-11-23","to":"2026-11-23"}`: {"101 Gigafibre : aucune visite à votre horaire le lun. 23 nov.", "102 Gigafibre: no visits on your schedule on Mon Nov 23"},
		`{"from":"2026-11-23","to":"2026-12-02"}`: {
			"101 Gigafibre : aucune visite à votre horaire du lun. 23 nov. au mer. 2 déc.",
			"102 Gigafibre: no visits on your schedule from Mon Nov 23 to Wed Dec 2",
		},
	} {
		for _, job := range jobs {
			o.change(job, erpnext.Values{"status": "Assigned"})
		}
		o.week()
		before := len(o.messages())
		for _, job := range jobs {
			o.change(job, erpnext.Values{"status": "Cancelled"})
		}
		o.publish(body)
		said := o.messages()[before:]
		if len(said) == 2 && strings.HasPrefix(said[0], "102") {
			said[0], said[1] = said[1], said[0]
		}
		if diff := cmp.Diff(want, said); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
}

// TestPublishALot: however much there is, and whatever the towns are called, it
// is a few SMS; the hours go first, and the towns of the first days.
func TestPublishALot(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		perDay          int
		town            string
		towns, leftOver int
	}{
		"a week":          {3, "Granby", 15, 0},
		"a full week":     {4, "Saint-Jean-sur-Richelieu", 8, 0},
		"more than fits":  {6, "Saint-Jean-sur-Richelieu", 6, 6},
		"a town in ruins": {3, strings.Repeat("Ô’œ", 40), 7, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			place := o.place(tc.town)
			for day := 23; day < 28; day++ {
				for hour := range tc.perDay {
					o.job("T1", fmt.Sprintf("2026-11-%d", day), fmt.Sprintf("%02d:30:00", 8+hour), map[string]any{"service_location": place, "job_type": "Maintenance"})
				}
			}
			o.week()
			text := o.messages()[0][len("101 "):]
			size, towns, more := hub.MeasureSMS(text), strings.Count(text, "("), ""
			if tc.leftOver > 0 {
				more = fmt.Sprintf("\net %d de plus", tc.leftOver)
			}
			if size.Encoding != hub.GSM7 || size.Segments > 5 || towns != tc.towns || !strings.HasSuffix(text, more) || strings.Count(text, "Entretien") != 5*tc.perDay-tc.leftOver {
				t.Errorf("%+v, %d towns, in\n%s", size, towns, text)
			}
		})
	}
}

// TestPublishJobsAlone: jobs that are named need no days, theirs are meant; when
// they have none that can be meant together, the call says so.
func TestPublishJobsAlone(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	one, two := o.job("T1", "2026-11-24", "08:00:00", nil), o.job("T2", "2026-11-26", "08:00:00", nil)
	between, later := o.job("T1", "2026-11-25", "", nil), o.job("T1", "2026-12-25", "", nil)
	got := o.publish(fmt.Sprintf(`{"jobs":[%q,%q,"DJ-99999"]}`, one, two))
	if states(got) != "T1 told 1, T2 told 1" || !cmp.Equal(got.Published, []string{one, two}) || !cmp.Equal(got.Skipped, []notice.Skipped{{Job: "DJ-99999", Reason: "not-found"}}) {
		t.Errorf("%+v", got)
	}
	if got = o.publish(`{"jobs":["DJ-99999"]}`); got.status != 200 || states(got) != "" || len(got.Skipped) != 1 {
		t.Errorf("none of them: %+v", got)
	}
	if got = o.publish(fmt.Sprintf(`{"jobs":[%q,%q]}`, between, later)); states(got) != "T1 told 2" {
		t.Errorf("31 days: %+v", got)
	}
	o.change(later, erpnext.Values{"scheduled_date": "2026-12-26"})
	if got = o.publish(fmt.Sprintf(`{"jobs":[%q,%q]}`, between, later)); got.status != 422 || got.Errors[0].Pointer != "/jobs" {
		t.Errorf("32 days: %+v", got)
	}
	o.change(one, erpnext.Values{"status": "Cancelled"})
	if got = o.publish(fmt.Sprintf(`{"jobs":[%q]}`, one)); states(got) != "T1 told 0" {
		t.Errorf("called off: %+v", got)
	}
	if got = o.publish(fmt.Sprintf(`{"jobs":[%q],"from":"2026-11-24"}`, one)); got.status != 422 || got.Errors[0].Pointer != "/to" {
		t.Errorf("half of the days: %+v", got)
	}
}
