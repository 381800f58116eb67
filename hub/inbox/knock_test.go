package inbox_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/inbox/inboxtest"
	"gigafibre.ca/targo-hub/hub/inbox/refusals"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/web"
)

// gate is a door behind an edge without a server.
func gate(t *testing.T, registry prometheus.Registerer, sources ...inbox.Source) (http.Handler, *sqlite.Engine) {
	t.Helper()
	store, quiet := hubtest.Store(t), slog.New(slog.DiscardHandler)
	edge, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{}, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	door := inbox.NewDoor(inbox.Deps{Store: store, Events: hubtest.News{Ring: store}, Log: quiet, Metrics: registry}, sources...)
	door.Mount(edge.Router())
	return edge.Handler(), store
}

// TestRefusalsAreRemembered counts what was refused and why, probes apart, and
// keeps nothing that the sender has said.
func TestRefusalsAreRemembered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		header string
		reason string // "" when nothing is remembered
		meter  string
	}{
		"wrong":   {errors.New("no"), "", "signature wrong", "unproven"},
		"missing": {hub.Fail(hub.Unauthenticated, "signature-invalid", "No.", inbox.ErrUnsigned), "", "signature missing", "unproven"},
		"too old": {errors.Join(errors.New("no"), inbox.ErrTooOld), "", "signature too old", "unproven"},
		"closed":  {inbox.ErrNoSecret, "", "no secret configured", "away"},
		"probe":   {inbox.ErrUnsigned, inbox.Probe, "", "probe"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, registry := plain(), prometheus.NewRegistry()
			source.Verify = func(inbox.Call) (string, error) { return "", c.err }
			h, store := gate(t, registry, source)
			r := httptest.NewRequest(http.MethodPost, "/webhooks/plain", strings.NewReader("my-body"))
			r.Header.Set("X-Word", "my-secret")
			if c.header != "" {
				r.Header.Set(c.header, "doctor")
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != http.StatusUnauthorized && w.Code != http.StatusServiceUnavailable {
				t.Errorf("answered %d %s", w.Code, w.Body)
			}
			raw, _, err := store.Value(t.Context(), refusals.Key("plain"))
			var told refusals.Tally
			if err == nil {
				err = json.Unmarshal(raw, &told)
			}
			if (err == nil) != (c.reason != "") || told.Reason != c.reason || strings.Contains(string(raw), "my-") {
				t.Errorf("remembered %q: %v", raw, err)
			}
			if got := outcomes(t, registry); got[c.meter] != 1 || len(got) != 1 {
				t.Errorf("counted %v", got)
			}
		})
	}
}

func outcomes(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counted := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "outcome" {
					counted[l.GetValue()] += m.GetCounter().GetValue()
				}
			}
		}
	}
	return counted
}

// TestDoorsAreDocumented reads what a sender's operator finds in the document.
func TestDoorsAreDocumented(t *testing.T) {
	t.Parallel()
	source, twiml, empty := plain(), plain(), plain()
	source.About = "Proven by X-Word."
	twiml.Name, twiml.Paths, twiml.Reply = "twiml", []string{"/webhooks/twiml"}, inbox.Reply{Type: "text/xml", Body: "<Response/>"}
	empty.Name, empty.Paths, empty.Reply = "empty", []string{"/webhooks/empty"}, inbox.Reply{Status: http.StatusNoContent}
	h, _ := gate(t, nil, source, twiml, empty)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	op := doc.Paths.Value("/webhooks/plain").Post
	for _, words := range []string{"Proven by X-Word.", "503: nothing was taken in, send it again", "the receipt"} {
		if !strings.Contains(op.Description, words) {
			t.Errorf("%q is not in %s", words, op.Description)
		}
	}
	for status, want := range map[string]bool{"401": true, "413": true, "429": true, "503": true, "403": false, "409": false, "422": false} {
		if got := op.Responses.Value(status) != nil; got != want {
			t.Errorf("%s among the answers: %v", status, got)
		}
	}
	schema := op.Responses.Value("200").Value.Content["application/json"].Schema
	if schema.Ref != "#/components/schemas/InboxReceipt" || schema.Value.Properties["status"] == nil || schema.Value.Properties["id"] == nil {
		t.Errorf("the good answer is %+v", schema)
	}
	if c := doc.Paths.Value("/webhooks/twiml").Post; c.Responses.Value("200").Value.Content["text/xml"] == nil || !strings.Contains(c.Description, "`<Response/>`") {
		t.Errorf("TwiML: %s", c.Description)
	}
	if c := doc.Paths.Value("/webhooks/empty").Post; len(c.Responses.Value("204").Value.Content) != 0 || !strings.Contains(c.Description, "an empty body") {
		t.Errorf("without a body: %s", c.Description)
	}
}

// TestWhatIsWrongWithABodyIsSaid names the place and quotes no value: it may be
// somebody's number.
func TestWhatIsWrongWithABodyIsSaid(t *testing.T) {
	t.Parallel()
	source := plain()
	source.Read = func(c inbox.Call) (inbox.Label, error) {
		var sent struct {
			From string `json:"from"`
		}
		if err := json.Unmarshal(c.Body, &sent); err != nil {
			return inbox.Label{}, fmt.Errorf("reading it: %w", err)
		}
		return inbox.Label{}, errors.New(strings.Repeat("odd ", 200))
	}
	h := inboxtest.New(t, source)
	h.Work()
	for body, want := range map[string]string{
		`{"from":15145550123}`: `parked for a person: the member "from" is of a type that does not belong there.`,
		`{"from":`:             "parked for a person: it is not JSON, from byte 8 on.",
		`{}`:                   "parked for a person: odd odd",
	} {
		job := h.Becomes(h.Send(http.MethodPost, "/webhooks/plain", http.Header{"X-Word": {"sesame"}}, []byte(body)).ID, keep.Dead)
		if !strings.HasPrefix(job.Note, "It was proven but cannot be decoded") || !strings.Contains(job.Note, want) ||
			strings.Contains(job.Note, "5145550123") || len(job.Note) > 500 {
			t.Errorf("%s: %s", body, job.Note)
		}
	}
}
