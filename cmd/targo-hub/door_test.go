package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/simkit"
)

// knock posts bytes to the door with a signature header of the test's choosing
// and returns the status and the answer.
func (h *running) knock(t *testing.T, body, signature string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, h.url+"/webhooks/docuseal", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if signature != "" {
		r.Header.Set("X-Docuseal-Signature", signature)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(raw)
}

func signature(body, secret string, at time.Time) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "." + body))
	return stamp + "." + hex.EncodeToString(mac.Sum(nil))
}

// TestDoorRefuses: what is not proven, not whole or too large is not taken in,
// and the answer shows nothing.
func TestDoorRefuses(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	now := time.Now()
	body := `{"event_type":"form.completed","timestamp":"2026-11-22T10:00:00.000Z","data":{"id":7,"submission_id":7}}`
	large := `{"event_type":"` + strings.Repeat("x", 1<<20) + `"}`
	for name, tc := range map[string]struct {
		body, signature, code string
		status                int
		skew                  time.Duration // when set, signed with the right secret and a clock that is off
	}{
		"unsigned":          {body, "", "signature-invalid", 401, 0},
		"another secret":    {body, signature(body, "whsec_other", now), "signature-invalid", 401, 0},
		"another body":      {body + " ", signature(body, sealSecret, now), "signature-invalid", 401, 0},
		"no prefix":         {body, strings.SplitN(signature(body, sealSecret, now), ".", 2)[1], "signature-invalid", 401, 0},
		"short":             {body, signature(body, sealSecret, now)[:20], "signature-invalid", 401, 0},
		"old":               {body: body, skew: -301 * time.Second, code: "signature-invalid", status: 401},
		"ahead":             {body: body, skew: 305 * time.Second, code: "signature-invalid", status: 401},
		"over the limit":    {large, signature(large, sealSecret, now), "body-too-large", 413, 0},
		"empty, not signed": {"", "", "signature-invalid", 401, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.skew != 0 {
				tc.signature = signature(tc.body, sealSecret, time.Now().Add(tc.skew))
			}
			status, answer := h.knock(t, tc.body, tc.signature)
			if status != tc.status || !strings.Contains(answer, `"code":"`+tc.code+`"`) {
				t.Errorf("answered %d %s, want %d %s", status, answer, tc.status, tc.code)
			}
			for _, word := range []string{sealSecret, ".go:", "hmac", "sqlite"} {
				if strings.Contains(answer, word) {
					t.Errorf("the answer shows %q: %s", word, answer)
				}
			}
		})
	}
	if n := h.inbox(t, "").count; n != 0 {
		t.Errorf("%d deliveries were stored", n)
	}
}

// inboxPage is what GET /inbox answers.
type inboxPage struct {
	count int
	Items []struct{ ID, Source, Event, Status, State, Reason string }
}

func (h *running) inbox(t *testing.T, query string) inboxPage {
	t.Helper()
	var page inboxPage
	if status := h.call(t, http.MethodGet, "/inbox?"+query, nil, &page); status != http.StatusOK {
		t.Fatalf("the inbox answered %d", status)
	}
	page.count = len(page.Items)
	return page
}

// TestDoorTakesAndParks: what is proven is stored and answered 200, and what
// cannot be worked off is parked with a reason, visible, and said once.
func TestDoorTakesAndParks(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	first, second := w.signed(t, h), w.signed(t, h)
	// The first quotation is given the envelope of nobody: the second's delivery still fits only the second.
	swapped := strings.ReplaceAll(string(first.body), first.quotation, second.quotation)
	w.put(t, "Quotation", map[string]any{"name": first.quotation, "custom_docuseal_envelope_id": "999999"})
	for name, tc := range map[string]struct{ body, status, says string }{
		"not JSON":          {"signed, but not JSON", "dead", "decoded"},
		"JSON, no event":    {`[]`, "dead", "decoded"},
		"unknown event":     {`{"event_type":"form.sneezed","timestamp":"2026-11-22T10:00:01.000Z","data":{"id":1}}`, "done", ""},
		"unknown envelope":  {`{"event_type":"form.completed","timestamp":"2026-11-22T10:00:02.000Z","data":{"id":4711,"submission_id":4711}}`, "dead", "envelope"},
		"another envelope":  {swapped, "dead", "envelope"},
		"viewed, no matter": {`{"event_type":"form.viewed","timestamp":"2026-11-22T10:00:03.000Z","data":{"id":1,"submission_id":1}}`, "done", ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, answer := h.knock(t, tc.body, signature(tc.body, sealSecret, time.Now()))
			var receipt struct{ Status, ID string }
			if err := json.Unmarshal([]byte(answer), &receipt); err != nil || status != http.StatusOK || receipt.Status != "stored" {
				t.Fatalf("answered %d %s", status, answer)
			}
			var d struct{ Status, Reason string }
			await(t, "the delivery is "+tc.status, func() bool {
				h.call(t, http.MethodGet, "/inbox/"+receipt.ID, nil, &d)
				return d.Status == tc.status
			})
			if !strings.Contains(strings.ToLower(d.Reason), tc.says) {
				t.Errorf("the reason is %q, want something about %q", d.Reason, tc.says)
			}
			if status, answer := h.knock(t, tc.body, signature(tc.body, sealSecret, time.Now())); status != http.StatusOK || strings.Contains(answer, "stored") {
				t.Errorf("the repetition was answered %d %s", status, answer)
			}
		})
	}
}

// TestFiveHundredDeliveries: a hundred signed forms, each delivered five times,
// all at once, become a hundred outcomes. It keeps the whole machine busy, so it
// runs alone.
func TestFiveHundredDeliveries(t *testing.T) {
	w := newTown(t)
	h := w.start(t)
	forms := make([]signedForm, 100)
	for i := range forms {
		forms[i] = w.signed(t, h)
	}
	var bad atomic.Int64
	var all sync.WaitGroup
	for i := range 5 * len(forms) {
		all.Go(func() {
			status, err := h.post(bytes.Clone(forms[i%len(forms)].body), time.Now())
			for err == nil && status == http.StatusServiceUnavailable { // the sender tries again
				status, err = h.post(bytes.Clone(forms[i%len(forms)].body), time.Now())
			}
			if err != nil || status != http.StatusOK {
				bad.Add(1)
			}
		})
	}
	all.Wait()
	if bad.Load() > 0 {
		t.Fatalf("%d deliveries were not taken", bad.Load())
	}
	done := make([]string, len(forms))
	for i, f := range forms {
		w.checkOne(t, h, f.quotation)
		done[i] = f.quotation
	}
	w.checkEvents(t, h, done)
	w.checkNothingSent(t)
}

// TestERPNextAway: the door takes deliveries in while ERPNext is down, and what
// they ask for happens when it is back.
func TestERPNextAway(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	form := w.signed(t, h)
	open := w.quotation(t, "Résidentiel", nil)
	w.site.Fault().Fail(simkit.Fault{Next: 1 << 20, DropBefore: true})
	if status := h.deliver(t, form.body); status != http.StatusOK {
		t.Errorf("the door answered %d while ERPNext is away", status)
	}
	var problem struct{ Code, Detail string }
	status := h.call(t, http.MethodPost, "/accept/generate", map[string]any{"quotation": open}, &problem)
	if status != http.StatusServiceUnavailable || problem.Code != "upstream-unavailable" {
		t.Errorf("generate answered %d %+v while ERPNext is away", status, problem)
	}
	if strings.Contains(problem.Detail, "127.0.0.1") || strings.Contains(problem.Detail, "EOF") {
		t.Errorf("the detail shows the upstream: %q", problem.Detail)
	}
	w.site.Fault().Reset()
	w.checkOne(t, h, form.quotation)
}

// TestClosedQuotations: what can no longer be accepted is 409 with its state,
// wherever one asks.
func TestClosedQuotations(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	yesterday := time.Now().AddDate(0, 0, -2).Format(time.DateOnly)
	for name, tc := range map[string]struct {
		doc   map[string]any
		upset func(quotation string)
		code  string
	}{
		"expired":   {doc: map[string]any{"transaction_date": yesterday, "valid_till": yesterday}, code: "quotation-not-open"},
		"cancelled": {upset: func(q string) { w.put(t, "Quotation", map[string]any{"name": q, "docstatus": 2}) }, code: "quotation-not-open"},
		"accepted": {upset: func(q string) {
			w.put(t, "Quotation", map[string]any{"name": q, "custom_accepted_at": "2026-11-01 10:00:00"})
		}, code: "quotation-accepted"},
	} {
		t.Run(name, func(t *testing.T) {
			q := w.quotation(t, "Commercial", tc.doc)
			if tc.upset != nil {
				tc.upset(q)
			}
			var problem struct {
				Code  string
				State map[string]any
			}
			status := h.call(t, http.MethodPost, "/accept/generate", map[string]any{"quotation": q}, &problem)
			if status != http.StatusConflict || problem.Code != tc.code || fmt.Sprint(problem.State["state"]) != name {
				t.Errorf("generate answered %d %+v", status, problem)
			}
		})
	}
	if status := h.call(t, http.MethodPost, "/accept/generate", map[string]any{"quotation": "SAL-QTN-0000-00000"}, nil); status != http.StatusNotFound {
		t.Errorf("generate for nothing answered %d", status)
	}
}

// TestDoorWantsTheWholeBody: what ends before its length is not taken in, however
// well it is signed.
func TestDoorWantsTheWholeBody(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	const body = `{"event_type":"form.viewed","timestamp":"2026-11-22T10:00:00.000Z","data":{"id":7,"submission_id":7}}`
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /webhooks/docuseal HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n"+
		"X-Docuseal-Signature: %s\r\nContent-Length: %d\r\n\r\n%s", signature(body, sealSecret, time.Now()), len(body)+50, body)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(conn).ReadString('\n'); !strings.Contains(line, " 400 ") {
		t.Errorf("answered %q, want 400", line)
	}
	if n := h.inbox(t, "").count; n != 0 {
		t.Errorf("%d deliveries were stored", n)
	}
}
