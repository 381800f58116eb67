package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// service is a service of a town that was sold: its documents, and the jobs of its
// chain by the step that they are.
type service struct {
	quotation, customer, location, contract, issue, subscription string
	jobs                                                         map[string]string
}

// monthly is the price of what a town sells, in cents.
const monthly = 3995

// sold has a customer sign a quotation at DocuSeal, under a contract of a template.
func (w *town) sold(t *testing.T, h *running, template string) service {
	t.Helper()
	line := map[string]any{"item_code": "FIBRE-500", "item_name": "Fibre 500", "qty": 1, "rate": 39.95, "uom": "Nos", "conversion_factor": 1, "custom_billing_frequency": "Monthly"}
	s := service{quotation: w.quotation(t, "Commercial", map[string]any{"items": []any{line}}), jobs: map[string]string{}}
	q, err := w.site.Doc("Quotation", s.quotation)
	if err != nil {
		t.Fatal(err)
	}
	s.customer, s.location = fmt.Sprint(q["party_name"]), fmt.Sprint(q["custom_service_location"])
	s.contract = w.put(t, "Service Contract", map[string]any{ // drawn up by a person, before it is signed
		"customer": s.customer, "service_location": s.location, "quotation": s.quotation, "install_template": template,
		"contract_type": "Commercial", "status": "Signé", "monthly_rate": 39.95, "duration_months": 12,
	})
	var made struct {
		EnvelopeID string `json:"envelope_id"`
	}
	if status := h.call(t, http.MethodPost, "/accept/generate", map[string]any{"quotation": s.quotation}, &made); status != http.StatusCreated {
		t.Fatalf("generate answered %d", status)
	}
	if status := h.deliver(t, w.complete(t, made.EnvelopeID)); status != http.StatusOK {
		t.Fatalf("the signature was answered %d", status)
	}
	out := h.awaitAccepted(t, s.quotation)
	s.issue, s.subscription = out.Issue, out.Subscription
	jobs, err := w.site.All("Dispatch Job", map[string]any{"service_contract": s.contract})
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		s.jobs[fmt.Sprint(j["step_id"])] = fmt.Sprint(j["name"])
	}
	if out.Contract != s.contract || len(jobs) == 0 || len(jobs) != len(s.jobs) {
		t.Fatalf("%s became contract %s with %d jobs at %d steps, want contract %s", s.quotation, out.Contract, len(jobs), len(s.jobs), s.contract)
	}
	return s
}

// effectState is one effect of a change of state, as the hub shows it.
type effectState struct {
	Name, State, Error, Note string
	Trace                    []string
	Tries                    int
}

// over tells that it is not tried again.
func (e effectState) over() bool {
	return slices.Contains([]string{"done", "skipped", "captured"}, e.State)
}

// moved is what POST /dispatch/job-status and its sisters answer.
type moved struct {
	Job, Status, State string
	Invoice            string
	Unblocked          []string
	Effects            []effectState
}

func (m moved) effect(name string) effectState {
	i := slices.IndexFunc(m.Effects, func(e effectState) bool { return e.Name == name })
	if i < 0 {
		return effectState{}
	}
	return m.Effects[i]
}

// ask sends a JSON request with a token and decodes what fits of the answer. It
// may be called from any goroutine.
func (h *running) ask(token, method, path string, body, into any) (int, string, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, "", err
	}
	r, err := http.NewRequest(method, h.url+path, bytes.NewReader(raw))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && into != nil {
		err = json.Unmarshal(answer, into)
	}
	return resp.StatusCode, string(answer), err
}

// move changes the state of a job and must be let to. It asks until the change is
// written: on a slow machine the first answer comes before that.
func (h *running) move(t *testing.T, job, status string, more m) (out moved) {
	t.Helper()
	body := m{"job": job, "status": status}
	maps.Copy(body, more)
	await(t, job+" is "+status, func() bool {
		out = moved{}
		code, text, err := h.ask(h.staff, http.MethodPost, "/dispatch/job-status", body, &out)
		if err != nil || code != http.StatusOK {
			t.Fatalf("%s to %s answered %d %s, error %v", job, status, code, text, err)
		}
		return out.State == "done"
	})
	return out
}

// carryOut does a job that can be begun.
func (h *running) carryOut(t *testing.T, job string) moved {
	t.Helper()
	h.move(t, job, "In Progress", nil)
	return h.complete(t, job, nil)
}

// complete ends a job, and says so again, which changes nothing, until everything
// that follows is over: on a slow machine the first answer comes before that.
func (h *running) complete(t *testing.T, job string, said m) (out moved) {
	t.Helper()
	await(t, "what follows from the end of "+job+" is over", func() bool {
		out = h.move(t, job, "Completed", said)
		return !slices.ContainsFunc(out.Effects, func(e effectState) bool { return !e.over() })
	})
	return out
}

// field reads one field of a document in ERPNext.
func (w *town) field(t *testing.T, doctype, name, field string) any {
	t.Helper()
	doc, err := w.site.Doc(doctype, name)
	if err != nil {
		t.Fatal(err)
	}
	return doc[field]
}

// all reads documents past the hub.
func (w *town) all(t *testing.T, doctype string, filters m) []m {
	t.Helper()
	docs, err := w.site.All(doctype, filters)
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

// tomorrow is the day after today, as people in Quebec read the calendar.
func tomorrow() time.Time {
	now := time.Now().In(hub.Local())
	return time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, time.UTC)
}

// share is what a service costs from a day to the end of its month, and its two
// taxes, in cents: whole numbers, halves upwards.
func share(start time.Time, price int64) (net, tps, tvq int64) {
	of := int64(time.Date(start.Year(), start.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day())
	round := func(n, d int64) int64 { return (2*n + d) / (2 * d) }
	net = round(price*(of-int64(start.Day())+1), of)
	return net, round(net*5, 100), round(net*9975, 100000)
}

// told waits until the hub has published so many events of a name about a job.
func (h *running) told(t *testing.T, event, job string, want int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/events?topics=jobs", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.staff)
	r.Header.Set("Last-Event-ID", "0")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	name, seen := "", 0
	for lines := bufio.NewScanner(resp.Body); seen < want && lines.Scan(); {
		if n, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			name = n
		}
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && name == event && strings.Contains(data, `"job":"`+job+`"`) {
			seen++
		}
	}
	if seen < want {
		t.Errorf("%d events %s about %s, want %d", seen, event, job, want)
	}
}
