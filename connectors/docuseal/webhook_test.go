package docuseal_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/docuseal"
)

// A webhook as DocuSeal signs it.
const (
	vectorSecret = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	vectorTime   = 1767225600
	vectorBody   = `{"event_type":"form.completed","timestamp":"2026-01-01T00:00:00.000Z","data":{"id":1}}`
	vectorHex    = "f69c0879dc9ec03b58bfc9073e2431e3d45f493631fd01dbf988e4164da443a6"
	vectorHeader = "1767225600." + vectorHex
)

func TestVerifySignature(t *testing.T) {
	t.Parallel()
	now := time.Unix(vectorTime, 0)
	for name, c := range map[string]struct {
		header string
		body   string
		secret config.Secret
		now    time.Time
		ok     bool
	}{
		"genuine":          {vectorHeader, vectorBody, vectorSecret, now, true},
		"oldest":           {vectorHeader, vectorBody, vectorSecret, now.Add(5 * time.Minute), true},
		"newest":           {vectorHeader, vectorBody, vectorSecret, now.Add(-5 * time.Minute), true},
		"stale":            {vectorHeader, vectorBody, vectorSecret, now.Add(5*time.Minute + time.Second), false},
		"future":           {vectorHeader, vectorBody, vectorSecret, now.Add(-5*time.Minute - time.Second), false},
		"empty":            {"", vectorBody, vectorSecret, now, false},
		"only a dot":       {".", vectorBody, vectorSecret, now, false},
		"no time":          {"." + vectorHex, vectorBody, vectorSecret, now, false},
		"only the digest":  {vectorHex, vectorBody, vectorSecret, now, false},
		"only the time":    {"1767225600.", vectorBody, vectorSecret, now, false},
		"short":            {vectorHeader[:len(vectorHeader)-2], vectorBody, vectorSecret, now, false},
		"long":             {vectorHeader + "00", vectorBody, vectorSecret, now, false},
		"wrong case":       {"1767225600." + strings.ToUpper(vectorHex), vectorBody, vectorSecret, now, false},
		"not hex":          {"1767225600." + strings.Repeat("z", 64), vectorBody, vectorSecret, now, false},
		"several":          {vectorHeader + "," + vectorHeader, vectorBody, vectorSecret, now, false},
		"several dots":     {"1767225600.1767225600." + vectorHex, vectorBody, vectorSecret, now, false},
		"padded time":      {"01767225600." + vectorHex, vectorBody, vectorSecret, now, false},
		"plus time":        {"+1767225600." + vectorHex, vectorBody, vectorSecret, now, false},
		"negative time":    {"-1767225600." + vectorHex, vectorBody, vectorSecret, now, false},
		"huge time":        {"99999999999999999999." + vectorHex, vectorBody, vectorSecret, now, false},
		"other time":       {"1767225601." + vectorHex, vectorBody, vectorSecret, now, false},
		"blank around":     {" " + vectorHeader, vectorBody, vectorSecret, now, false},
		"other body":       {vectorHeader, vectorBody + "\n", vectorSecret, now, false},
		"no body":          {vectorHeader, "", vectorSecret, now, false},
		"other secret":     {vectorHeader, vectorBody, "whsec_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB", now, false},
		"without whsec":    {vectorHeader, vectorBody, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", now, false},
		"no secret at all": {vectorHeader, vectorBody, "", now, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := docuseal.VerifySignature(c.header, []byte(c.body), c.secret, c.now, docuseal.Tolerance)
			if (err == nil) != c.ok || (err != nil && !errors.Is(err, docuseal.ErrSignature)) {
				t.Errorf("got %v", err)
			}
			if err != nil && (strings.Contains(err.Error(), vectorHex) || strings.Contains(err.Error(), "AAAA")) {
				t.Errorf("the error shows too much: %v", err)
			}
		})
	}
}

func TestVerifyHeader(t *testing.T) {
	t.Parallel()
	const setting = "X-Seal: let: me in"
	for name, c := range map[string]struct {
		setting config.Secret
		given   []string
		ok      bool
	}{
		"genuine":       {setting, []string{"let: me in"}, true},
		"none":          {setting, nil, false},
		"empty":         {setting, []string{""}, false},
		"longer":        {setting, []string{"let: me in!"}, false},
		"wrong case":    {setting, []string{"Let: me in"}, false},
		"several":       {setting, []string{"let: me in", "let: me in"}, false},
		"nothing set":   {"", []string{""}, false},
		"value not set": {"X-Seal:", []string{""}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := docuseal.VerifyHeader(http.Header{"X-Seal": c.given}, docuseal.Config{WebhookHeader: c.setting})
			if (err == nil) != c.ok || (err != nil && !errors.Is(err, docuseal.ErrSignature)) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestEventKey(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		vectorBody: "form.completed:1:2026-01-01T00:00:00.000Z",
		`{"event_type":"submission.completed","timestamp":"t","data":{"id":9007199254740993}}`: "submission.completed:9007199254740993:t",
		`{"event_type":"x","timestamp":"t","data":{}}`:                                         "x::t",
		`{"event_type":"x","timestamp":"t","data":[1]}`:                                        "x::t",
	} {
		e, err := docuseal.ParseEvent([]byte(body))
		if err != nil || docuseal.EventKey(e) != want {
			t.Errorf("%s: key %q, %v", body, docuseal.EventKey(e), err)
		}
		if head, err := docuseal.ParseHead([]byte(body)); err == nil && (head.Key != want || head.Type != e.Type) {
			t.Errorf("%s: head %+v", body, head)
		}
	}
	for _, body := range []string{"", "null", "[]", "{}", `{"event_type":"x"}`, `{"data":{}}`, "\xff"} {
		if e, err := docuseal.ParseEvent([]byte(body)); err == nil {
			t.Errorf("%q gave %+v", body, e)
		}
		if head, err := docuseal.ParseHead([]byte(body)); err == nil {
			t.Errorf("%q gave %+v", body, head)
		}
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]docuseal.Head{
		`{"event_type":"form.viewed","timestamp":"t","data":{"id":3,"submission_id":7,"submission":{"id":8}}}`: {
			Type: "form.viewed", Key: "form.viewed:3:t", ID: 3, Envelope: 7,
		},
		`{"event_type":"form.viewed","timestamp":"t","data":{"id":3,"submission":{"id":8}}}`: {
			Type: "form.viewed", Key: "form.viewed:3:t", ID: 3, Envelope: 8,
		},
		`{"event_type":"submission.archived","timestamp":"t","data":{"id":7}}`: {
			Type: "submission.archived", Key: "submission.archived:7:t", ID: 7,
		},
		`{"event_type":"x","timestamp":"t","data":{}}`: {Type: "x", Key: "x::t"},
	} {
		got, err := docuseal.ParseHead([]byte(body))
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
	for _, body := range []string{`{"event_type":"x","data":[1]}`, `{"event_type":"x","data":{"id":"3"}}`, `{"event_type":"x","data":null}`} {
		if got, err := docuseal.ParseHead([]byte(body)); err == nil {
			t.Errorf("%s gave %+v", body, got)
		}
	}
}

func TestForm(t *testing.T) {
	t.Parallel()
	const body = `{"event_type":"form.completed","timestamp":"2026-01-01T00:00:00.000Z","data":{"id":11,"submission_id":21,"email":"a@example.org",
		"phone":null,"name":"Ann","ua":"UA","ip":"192.0.2.1","sent_at":null,"opened_at":"o","completed_at":"c","declined_at":null,"created_at":"k","updated_at":"u",
		"external_id":"Q-1","metadata":{"track":"project"},"status":"completed","application_key":"Q-1","decline_reason":null,"role":"Client","preferences":{},
		"values":[{"field":"total","value":"12"}],"documents":[{"name":"d","url":"l"}],"audit_log_url":"al","submission_url":"su",
		"template":{"id":7,"name":"Project","external_id":null,"created_at":"a","updated_at":"b","folder_name":"Default"},
		"submission":{"id":21,"audit_log_url":"al","combined_document_url":null,"status":"pending","url":"su","variables":{},"created_at":"k"}}}`
	e, err := docuseal.ParseEvent([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Form()
	if err != nil {
		t.Fatal(err)
	}
	want := docuseal.FormData{
		ID: 11, SubmissionID: 21, Email: "a@example.org", Name: "Ann", UserAgent: "UA", IP: "192.0.2.1", OpenedAt: "o", CompletedAt: "c", CreatedAt: "k", UpdatedAt: "u",
		ExternalID: "Q-1", ApplicationKey: "Q-1", Metadata: map[string]any{"track": "project"}, Status: "completed", Role: "Client", Preferences: map[string]any{},
		Values: []docuseal.FieldValue{{Field: "total", Value: []byte(`"12"`)}}, Documents: []docuseal.Document{{Name: "d", URL: "l"}}, AuditLogURL: "al", SubmissionURL: "su",
		Template:   docuseal.TemplateRef{ID: 7, Name: "Project", CreatedAt: "a", UpdatedAt: "b", FolderName: "Default"},
		Submission: docuseal.FormSubmission{ID: 21, AuditLogURL: "al", Status: "pending", URL: "su", Variables: map[string]any{}, CreatedAt: "k"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := e.Submission(); err == nil {
		t.Error("a form event was read as a submission")
	}
	if _, err := (docuseal.Event{Type: docuseal.SubmissionCompleted, Data: []byte(`{"id":1}`)}).Form(); err == nil {
		t.Error("a submission event was read as a form")
	}
	for _, broken := range []docuseal.Event{{Type: "form.completed", Data: []byte(`[]`)}, {Type: "submission.completed", Data: []byte(`[]`)}} {
		_, formErr := broken.Form()
		_, submissionErr := broken.Submission()
		if formErr == nil || submissionErr == nil {
			t.Errorf("%s was read", broken.Type)
		}
	}
}
