package dispatch_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/dispatch"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
)

// sold is a contract with a service that waits for its chain.
func (of *office) sold(t *testing.T) string {
	t.Helper()
	contract := of.contract(t)
	customer := of.erpValue(t, "Service Contract", contract, "customer")
	service := of.put(t, "Service Subscription", map[string]any{
		"customer": customer, "plan_name": "Fibre", "service_category": "Internet", "status": "En attente", "service_contract": contract,
	})
	if err := of.erp.Update(t.Context(), "Service Contract", contract, erpnext.Values{"service_subscription": service}, nil); err != nil {
		t.Fatal(err)
	}
	return contract
}

func (of *office) erpValue(t *testing.T, doctype, name, field string) any {
	t.Helper()
	doc, err := of.site.Doc(doctype, name)
	if err != nil {
		t.Fatal(err)
	}
	return doc[field]
}

// tasks counts the tasks about the documents, and joins their texts.
func (of *office) tasks(t *testing.T, names ...string) (n int, text string) {
	t.Helper()
	for _, name := range names {
		found, err := of.site.All("ToDo", map[string]any{"reference_name": name})
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range found {
			n, text = n+1, text+fmt.Sprint(task["description"])
		}
	}
	return n, text
}

// do carries out one word of a story: +a completes, -a cancels, xa deletes, ~a
// opens again (or releases) and completes.
func (of *office) do(t *testing.T, word, job string) answer {
	t.Helper()
	switch word[:1] {
	case "-":
		return of.post(t, "staff:ann", status, body{"job": job, "status": "Cancelled"})
	case "x":
		return of.post(t, fmt.Sprintf("staff:%p", t), remove, body{"job": job, "force": true}) // each his own: numbers come back
	case "~":
		if a := of.post(t, "staff:ann", status, body{"job": job, "status": "Open", "reason": "on y retourne"}); a.code != http.StatusOK {
			t.Fatalf("%s: %+v", word, a)
		}
	}
	begun := erpnext.Values{"status": "In Progress", "hub_state": "In Progress"}
	if is := of.job(t, job).Status; is != "Open" {
		t.Fatalf("%s: it is %s", word, is)
	} else if err := of.erp.Update(t.Context(), "Dispatch Job", job, begun, nil); err != nil {
		t.Fatal(err)
	}
	return of.post(t, "staff:ann", status, body{"job": job, "status": "Completed", "disconnect_reason": "déménage"})
}

// ending is how a story ends.
type ending struct {
	template string
	begins   string // by which words of the story
	tasks    int
	says     string
}

// TestHowChainsEnd goes through the orders in which the steps of a fork and of a
// join can end: the service begins with the last one that is completed, and what
// is left for a person to decide is told.
func TestHowChainsEnd(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	for story, want := range map[string]ending{
		"+first +left +right":         {erpnext.InstallParallel, "+right", 0, ""},
		"+first -right +left":         {erpnext.InstallParallel, "+left", 0, ""},
		"+first +left -right":         {erpnext.InstallParallel, "", 1, "pas été activé"},
		"+first +left -right ~right":  {erpnext.InstallParallel, "~right", 1, "pas été activé"},
		"+first +left xright":         {erpnext.InstallParallel, "", 1, "plus aucun bon de travail"},
		"+first +left -right xright":  {erpnext.InstallParallel, "", 1, "plus aucun bon de travail"},
		"+first xright +left":         {erpnext.InstallParallel, "+left", 0, ""},
		"+first +left +right ~left":   {erpnext.InstallParallel, "+right ~left", 1, "rouvert"}, // it asks for its own traces
		"+drop -remove":               {erpnext.InstallMove, "", 1, "attend encore"},
		"+drop -remove ~indoor":       {erpnext.InstallMove, "~indoor", 1, "attend encore"},
		"+drop ~indoor +remove":       {erpnext.InstallMove, "+remove", 0, ""},
		"+drop ~indoor -remove":       {erpnext.InstallMove, "", 1, "pas été activé"},
		"+drop xremove +indoor":       {erpnext.InstallMove, "+indoor", 0, ""},
		"+first +right +repair +left": {erpnext.InstallParallel, "+left", 0, ""}, // a repair that somebody added
		"+first +right +left +repair": {erpnext.InstallParallel, "+left", 0, ""},
		"+first +left +right -added":  {erpnext.InstallParallel, "", 1, "pas été activé"},
	} {
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			of.tell(t, story, want)
		})
	}
}

// tell plays one story.
func (of *office) tell(t *testing.T, story string, want ending) {
	t.Helper()
	contract := of.sold(t)
	names, err := of.desk.Planner().PlanFor(t.Context(), dispatch.Order{Contract: contract, Template: want.template})
	if err != nil {
		t.Fatal(err)
	}
	jobs := map[string]string{}
	for _, name := range names {
		jobs[of.job(t, name).StepID] = name
	}
	for added, kind := range map[string]string{"repair": "Repair", "added": "Installation"} {
		if strings.Contains(story, added) {
			jobs[added] = of.file(t, map[string]any{"service_contract": contract, "job_type": kind})
		}
	}
	var begins, about []string
	for _, word := range strings.Fields(story) {
		a := of.do(t, word, jobs[word[1:]])
		if a.code != http.StatusOK {
			t.Fatalf("%s: %s: %+v", story, word, a)
		}
		if a.Activated != nil {
			begins = append(begins, word)
		}
	}
	for _, name := range jobs {
		about = append(about, name)
	}
	n, text := of.tasks(t, append(about, contract)...)
	if got := strings.Join(begins, " "); got != want.begins || n != want.tasks || !strings.Contains(text, want.says) {
		t.Errorf("%s: begins with %q, %d tasks: %s", story, got, n, text)
	}
}

// TestActivationTriedAgain: when the work order that was open is deleted, a person
// has the activation of the last one that was completed tried again.
func TestActivationTriedAgain(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	contract := of.sold(t)
	done, open := of.file(t, map[string]any{"service_contract": contract}), of.file(t, map[string]any{"service_contract": contract})
	retry := func() string {
		if a := of.ask(t, "staff:ann", http.MethodPost, "/dispatch/job/"+done+"/effects/activation/retry", nil); a.code != http.StatusOK {
			t.Fatalf("%+v", a)
		}
		state := ""
		hubtest.Await(t, "it is through", func() bool {
			state = of.ask(t, "staff:ann", http.MethodGet, "/dispatch/job/"+done+"/effects", nil).effect("activation").State
			return state == "done" || state == "skipped"
		})
		return state
	}
	if a := of.finish(t, done); a.effect("activation").State != "skipped" || retry() != "skipped" {
		t.Fatalf("%+v", a)
	}
	if a := of.do(t, "x", open); a.Task == "" {
		t.Errorf("%+v", a)
	}
	if state := retry(); state != "done" || of.counted("activate") != 1 {
		t.Errorf("%s, %d times", state, of.counted("activate"))
	}
}

// TestDeletionThatWasNotTold: the hub died between the deletion and the news of it.
func TestDeletionThatWasNotTold(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{still: true})
	gone := keep.Record{Actor: "staff:ann", Action: "job.delete-begun", Doctype: "Dispatch Job", Name: "DJ-77777"}
	if err := of.store.Audit(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if a := of.post(t, "staff:ann", remove, body{"job": "DJ-77777"}); a.code != http.StatusOK || a.Deleted {
			t.Errorf("%+v", a)
		}
	}
	page, _, err := of.store.Audits(t.Context(), keep.AuditFilter{Action: "job.delete", Name: "DJ-77777"})
	if err != nil || len(page) != 1 || len(of.news(t, "job.deleted")) != 1 {
		t.Errorf("%d lines, %d events, %v", len(page), len(of.news(t, "job.deleted")), err)
	}
}
