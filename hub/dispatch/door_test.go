package dispatch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch"
)

// badge believes what a caller says of himself: "staff:ann", "technician:T1", and
// "technician:T1#DJ-1" by the link to a work order.
type badge struct{}

// Verify implements web.Verifier.
func (badge) Verify(_ context.Context, r *http.Request, role hub.Role) (hub.Actor, error) {
	as, id, _ := strings.Cut(r.Header.Get("X-Test-As"), ":")
	if hub.Role(as) != role {
		return hub.Actor{}, hub.Fail(hub.Unauthenticated, "unauthenticated", "", nil)
	}
	id, job, _ := strings.Cut(id, "#")
	return hub.Actor{Role: role, ID: id, Job: job, Scopes: []string{"dispatch"}}, nil
}

// answer is what a route said, in the members that the tests look at.
type answer struct {
	code int

	Job, Status, State, Technician, Code, Parent, Task, Note, Scheduled_date string
	Unblocked, Rechained                                                     []string
	Activated, Invoice                                                       *string
	Deleted                                                                  bool
	Effects                                                                  []dispatch.EffectState
	Moves                                                                    []struct{ From, To, State string }
	Problem                                                                  struct {
		Allowed, Circle, Links []string
		Technician_name, Job   string
	}
	Errors []hub.Field
	Items  []dispatch.Overdue
	Next   *string
	Said   string `json:"-"`
}

// effect finds one of the answer's effects.
func (a answer) effect(name string) dispatch.EffectState {
	for _, e := range a.Effects {
		if e.Name == name {
			return e
		}
	}
	return dispatch.EffectState{}
}

type body map[string]any

// post sends a body as somebody, and reads the answer.
func (of *office) post(t testing.TB, as, path string, in body) answer {
	t.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return of.ask(t, as, http.MethodPost, path, bytes.NewReader(raw))
}

func (of *office) ask(t testing.TB, as, method, path string, in io.Reader) (out answer) {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, path, in)
	req.Header.Set("X-Test-As", as)
	req.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	of.door.ServeHTTP(rec, req)
	out.code = rec.Code
	raw := rec.Body.Bytes()
	if rec.Code >= http.StatusBadRequest { // its member state is an object
		out.Said = rec.Body.String()
		raw = bytes.Replace(raw, []byte(`"state":`), []byte(`"problem":`), 1)
		raw = bytes.Replace(raw, []byte(`"status":`), []byte(`"http":`), 1)
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, rec.Body)
	}
	return out
}
