package mailjetsim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/connectors/mailjet/mailjetsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type world struct {
	sim    *mailjetsim.Sim
	server *httptest.Server
	hub    *httptest.Server
	got    chan delivery
	mu     sync.Mutex
	status []int
}

type delivery struct {
	user, password string
	body           []byte
}

func newWorld(t *testing.T, change func(*mailjetsim.Options)) *world {
	t.Helper()
	w := &world{got: make(chan delivery, 50)}
	w.hub = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		w.mu.Lock()
		status := http.StatusOK
		if len(w.status) > 0 {
			status, w.status = w.status[0], w.status[1:]
		}
		w.mu.Unlock()
		rw.WriteHeader(status)
		w.got <- delivery{user, password, body}
	}))
	opts := mailjetsim.Options{
		APIKey: "key", APISecret: "sec", Senders: []string{"bureau@example.com", "@example.ca"}, RetryUnit: time.Millisecond,
		HookURL: strings.Replace(w.hub.URL, "://", "://mj:pass@", 1) + "/webhooks/mailjet",
	}
	if change != nil {
		change(&opts)
	}
	w.sim = mailjetsim.New(opts)
	w.server = httptest.NewServer(w.sim)
	t.Cleanup(func() { w.sim.Close(); w.server.Close(); w.hub.Close() })
	return w
}

func (w *world) next(t *testing.T) (delivery, []map[string]any) {
	t.Helper()
	select {
	case d := <-w.got:
		var events []map[string]any
		decoder := json.NewDecoder(strings.NewReader(string(d.body)))
		decoder.UseNumber()
		if err := decoder.Decode(&events); err != nil {
			t.Fatalf("%v in %s", err, d.body)
		}
		return d, events
	case <-time.After(5 * time.Second):
		t.Fatal("no webhook came")
		return delivery{}, nil
	}
}

func (w *world) call(t *testing.T, method, path, body string, out any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("key", "sec")
	res, err := w.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if out != nil {
		if err := json.NewDecoder(res.Body).Decode(out); err != nil {
			t.Fatal(err)
		}
	}
	return res.StatusCode
}

type answer struct {
	ErrorCode string
	Messages  []struct {
		Status, CustomID string
		To               []struct {
			Email, MessageUUID, MessageHref string
			MessageID                       int64
		}
		Errors []struct {
			ErrorCode  string
			StatusCode int
		}
	}
}

func message(to, more string) string {
	return fmt.Sprintf(`{"From":{"Email":"bureau@example.com"},"To":[{"Email":%q}],"Subject":"Bonjour","TextPart":"x","CustomID":"m1"%s}`, to, more)
}

func batch(messages ...string) string { return `{"Messages":[` + strings.Join(messages, ",") + `]}` }

func TestSending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var out answer
	if status := w.call(t, "POST", "/v3.1/send", batch(message("ann@example.com", `,"EventPayload":"p"`)), &out); status != 200 {
		t.Fatalf("status %d", status)
	}
	to := out.Messages[0].To[0]
	if out.Messages[0].Status != "success" || out.Messages[0].CustomID != "m1" || to.MessageID <= 1<<53 || to.MessageUUID == "" {
		t.Errorf("answer %+v", out)
	}
	d, events := w.next(t)
	if d.user != "mj" || d.password != "pass" || len(events) != 1 || events[0]["event"] != "sent" || events[0]["Payload"] != "p" ||
		fmt.Sprint(events[0]["MessageID"]) != fmt.Sprint(to.MessageID) || events[0]["Message_GUID"] != to.MessageUUID {
		t.Errorf("webhook by %s: %v", d.user, events)
	}
	var sent struct {
		Items []struct {
			MessageID string `json:"message_id"`
			To, Text  string
		}
	}
	if w.call(t, "GET", "/_sim/sent", "", &sent); len(sent.Items) != 1 || sent.Items[0].To != "ann@example.com" || sent.Items[0].MessageID != fmt.Sprint(to.MessageID) {
		t.Errorf("sent %+v", sent)
	}
	var found struct {
		Count int
		Data  []struct {
			ID     int64
			Status string
		}
	}
	if w.call(t, "GET", "/v3/REST/message?CustomID=m1", "", &found); found.Count != 1 || found.Data[0].ID != to.MessageID {
		t.Errorf("found %+v", found)
	}
	if w.call(t, "GET", "/v3/REST/message?CustomID=other", "", &found); found.Count != 0 {
		t.Errorf("found %+v", found)
	}
	if status := w.call(t, "GET", fmt.Sprintf("/v3/REST/message/%d", to.MessageID), "", nil); status != 200 {
		t.Errorf("one message: %d", status)
	}
}

func TestRefusalsOfOneMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	good := message("ann@example.com", "")
	many := strings.TrimSuffix(strings.Repeat(`{"Email":"a@example.com"},`, 51), ",")
	tests := []struct {
		name, body string
		status     int
		code       string
	}{
		{"sender", batch(strings.Replace(good, "bureau@example.com", "x@example.net", 1)), 403, "send-0008"},
		{"no sender", batch(`{"To":[{"Email":"a@example.com"}],"TextPart":"x"}`), 400, "mj-0003"},
		{"nobody", batch(`{"From":{"Email":"a@example.ca"},"TextPart":"x"}`), 400, "mj-0003"},
		{"address", batch(message("ann", "")), 400, "mj-0013"},
		{"empty", batch(strings.Replace(good, `"TextPart":"x",`, "", 1)), 400, "send-0003"},
		{"subject", batch(strings.Replace(good, "Bonjour", strings.Repeat("é", 256), 1)), 400, "mj-0006"},
		{"too many", batch(`{"From":{"Email":"a@example.ca"},"TextPart":"x","To":[` + many + `]}`), 400, "send-0015"},
		{"mixed", batch(message("ann", ""), good), 400, "mj-0013"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out answer
			status := w.call(t, "POST", "/v3.1/send", tt.body, &out)
			if status != tt.status || out.Messages[0].Status != "error" || out.Messages[0].Errors[0].ErrorCode != tt.code {
				t.Errorf("%d %+v, want %d %s", status, out, tt.status, tt.code)
			}
			if tt.name == "mixed" && (len(out.Messages) != 2 || out.Messages[1].Status != "success") {
				t.Errorf("the good message: %+v", out.Messages)
			}
		})
	}
}

func TestRefusalsOfTheWholeCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for body, code := range map[string]string{`{`: "mj-0002", `{}`: "mj-0003", `{"Messages":[]}`: "mj-0007", `{"Messages":7}`: "mj-0004", batch(strings.Split(strings.Repeat(`{} `, 51), " ")[:51]...): "mj-0008"} {
		var out answer
		if status := w.call(t, "POST", "/v3.1/send", body, &out); status != 400 || out.ErrorCode != code {
			t.Errorf("%.20s: %d %s, want %s", body, status, out.ErrorCode, code)
		}
	}
	rec := httptest.NewRecorder()
	w.sim.ServeHTTP(rec, httptest.NewRequest("POST", "/v3.1/send", nil))
	if rec.Code != 401 || !strings.Contains(rec.Body.String(), "mj-0015") {
		t.Errorf("without credentials: %d %s", rec.Code, rec.Body)
	}
	w.call(t, "POST", "/_sim/fail", `{"status":502}`, nil)
	rec = httptest.NewRecorder()
	w.sim.ServeHTTP(rec, httptest.NewRequest("POST", "/v3.1/send", nil))
	if rec.Code != 502 || !strings.HasPrefix(rec.Body.String(), "<html>") {
		t.Errorf("fault: %d %s", rec.Code, rec.Body)
	}
}

// The sandbox works in the documented spelling only. A name that the API does
// not know is ignored, so the mail goes out.
func TestSandboxAndItsMisspelling(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mailjetsim.Options) { o.Reports = []string{} })
	send := func(name string) answer {
		var out answer
		w.call(t, "POST", "/v3.1/send", `{"`+name+`":true,`+batch(message("ann@example.com", ""))[1:], &out)
		return out
	}
	if to := send("SandboxMode").Messages[0].To[0]; to.MessageID != 0 || to.MessageUUID != "" {
		t.Errorf("sandboxed: %+v", to)
	}
	if to := send("SandBoxMode").Messages[0].To[0]; to.MessageID == 0 {
		t.Error("the misspelt sandbox held the mail back")
	}
	var state struct {
		State struct {
			Messages, Sandboxed int
			Misspelt            int `json:"misspelt_sandbox"`
		}
	}
	w.call(t, "GET", "/_sim/state", "", &state)
	if state.State.Messages != 1 || state.State.Sandboxed != 1 || state.State.Misspelt != 1 {
		t.Errorf("state %+v", state)
	}
}
