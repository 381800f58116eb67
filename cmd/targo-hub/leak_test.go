package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// gossip is what no answer and no log may repeat.
const gossip = "geheimnis"

// blabber stands in front of a simulator and answers the requests that fit with
// more than anybody wants to know.
type blabber struct {
	http.Handler
	method, path, kind, body string
	status                   int
}

func (b *blabber) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if b.method != r.Method || !strings.Contains(r.URL.Path, b.path) {
		b.Handler.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", b.kind)
	w.WriteHeader(b.status)
	_, _ = io.WriteString(w, b.body)
}

// diary keeps what the hub logs and answers.
type diary struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

func (d *diary) read() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

// logTo is where the hub of this town writes its log.
func (w *town) logTo(t *testing.T) io.Writer {
	if w.log != nil {
		return w.log
	}
	return &logWriter{t: t}
}

// indiscretion is an upstream that tells too much, and what makes it speak. The
// act returns the answers of the hub.
type indiscretion struct {
	at   string
	say  blabber
	act  func(t *testing.T, w *town, h *running) string
	told bool // the staff may see it: ERPNext's reason for a refusal, made for people
}

func indiscretions() map[string]indiscretion {
	const html, plain = "text/html", "application/json"
	const page = `<html><body><pre>Traceback (most recent call last): File "/srv/` + gossip + `.py", line 7 db.` + gossip + `.example</pre></body></html>`
	const trace = `{"exception":"` + gossip + `","exc":"[\"Traceback (most recent call last): File /srv/` + gossip + `.py\"]"}`
	const words = `{"exc_type":"ValidationError","exception":"frappe.exceptions.ValidationError: x","_server_messages":"[\"{\\\"message\\\": \\\"` +
		gossip + ` about eve@example.com\\\"}\"]"}`
	return map[string]indiscretion{
		"ERPNext's reason, to the staff":    {"erp", blabber{method: "PUT", path: "/resource/Quotation", kind: plain, status: 417, body: words}, generating("Commercial"), true},
		"ERPNext's reason, to the customer": {"erp", blabber{method: "POST", path: "/run_doc_method", kind: plain, status: 417, body: words}, declining, false},
		"ERPNext's page":                    {"erp", blabber{method: "PUT", path: "/resource/Quotation", kind: html, status: 500, body: page}, generating("Commercial"), false},
		"ERPNext's traceback":               {"erp", blabber{method: "PUT", path: "/resource/Quotation", kind: plain, status: 500, body: trace}, generating("Résidentiel"), false},
		"a proxy before it":                 {"erp", blabber{method: "GET", path: "/resource/Quotation", kind: html, status: 502, body: page}, generating("Commercial"), false},
		"DocuSeal's error":                  {"seal", blabber{method: "POST", path: "/submissions", kind: plain, status: 500, body: `{"error":"` + gossip + `"}`}, generating("Commercial"), false},
		"DocuSeal's refusal":                {"seal", blabber{method: "POST", path: "/submissions", kind: plain, status: 422, body: `{"error":"` + gossip + `"}`}, generating("Commercial"), false},
		"Twilio's refusal":                  {"sms", blabber{method: "POST", path: "/Messages", kind: plain, status: 400, body: `{"code":21999,"message":"` + gossip + `","status":400}`}, saying("sms", "+15145550123"), false},
		"Mailjet's refusal":                 {"mail", blabber{method: "POST", path: "/send", kind: plain, status: 400, body: `{"ErrorMessage":"` + gossip + `","StatusCode":400}`}, saying("email", "eve@example.com"), false},
		"ERPNext, in the story":             {"erp", blabber{method: "POST", path: "/resource/Service Contract", kind: html, status: 500, body: page}, brokenSignature, false},
	}
}

// TestNothingLeaks lets the other systems tell too much: their words reach
// neither an answer nor the log.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	for name, tc := range indiscretions() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			say := tc.say
			say.Handler = map[string]http.Handler{"erp": w.site, "seal": w.seal, "sms": w.sms, "mail": w.mail}[tc.at]
			server := httptest.NewServer(&say)
			t.Cleanup(server.Close)
			w.urls[tc.at] = server.URL
			w.log = &diary{}
			h := w.startWith(t, overridden(w.environ(openGate()...), []string{"TARGO_LOG_LEVEL=debug"}))
			answers := tc.act(t, w, h)
			h.stop()
			host := strings.TrimPrefix(server.URL, "http://")
			for _, word := range []string{gossip, "Traceback", host, erpSecret, sealSecret, "twiliosimtoken", "mailjetsimsecret", "townseal"} {
				if strings.Contains(answers, word) && !tc.told {
					t.Errorf("an answer shows %q:\n%s", word, answers)
				}
				if strings.Contains(w.log.read(), word) {
					t.Errorf("the log shows %q:\n%s", word, w.log.read())
				}
			}
			for _, person := range []string{"5145550123", "eve@example.com", "Client 001"} {
				if strings.Contains(w.log.read(), person) {
					t.Errorf("the log names a person (%s):\n%s", person, w.log.read())
				}
			}
		})
	}
}

// generating asks for a link and expects the other system's failure.
func generating(kind string) func(*testing.T, *town, *running) string {
	return func(t *testing.T, w *town, h *running) string {
		t.Helper()
		var answer json.RawMessage
		status := h.call(t, http.MethodPost, "/accept/generate", map[string]any{"quotation": w.quotation(t, kind, nil)}, &answer)
		if status != http.StatusBadGateway && status != http.StatusServiceUnavailable {
			t.Errorf("generate answered %d %s", status, answer)
		}
		return string(answer)
	}
}

// declining says no through the link.
func declining(t *testing.T, w *town, h *running) string {
	t.Helper()
	page := h.url + "/accept/" + tokenOf(h.link(t, w.quotation(t, "Résidentiel", nil)))
	resp, err := http.PostForm(page, url.Values{"decline": {"1"}, "reason": {"trop cher"}})
	if err != nil || resp.StatusCode != http.StatusBadGateway {
		t.Fatalf("the form was answered %v, error %v", resp, err)
	}
	defer resp.Body.Close()
	shown, _ := io.ReadAll(resp.Body)
	status, answer := h.confirm(t, "/accept/decline", map[string]any{"token": tokenOf(page), "reason": "trop cher"})
	if status != http.StatusBadGateway {
		t.Errorf("decline answered %d %s", status, answer.Code)
	}
	return string(shown)
}

// saying sends a message that the provider refuses.
func saying(channel, to string) func(*testing.T, *town, *running) string {
	return func(t *testing.T, _ *town, h *running) string {
		t.Helper()
		e := h.awaitMessage(t, h.say(t, channel, to).ID, "failed", "maybe-sent")
		if e.Status != "failed" || e.Reason == "" {
			t.Errorf("the message is %s because %q", e.Status, e.Reason)
		}
		var answer json.RawMessage
		h.call(t, http.MethodGet, "/messages/"+e.ID, nil, &answer)
		return string(answer)
	}
}

// brokenSignature delivers a signature that cannot become work.
func brokenSignature(t *testing.T, w *town, h *running) string {
	t.Helper()
	form := w.signed(t, h)
	h.deliver(t, form.body)
	var state, list, shown json.RawMessage
	var out struct {
		Delivery string
		Tries    int
	}
	await(t, "the outcome was tried", func() bool {
		h.call(t, http.MethodGet, "/accept/"+form.quotation+"/state", nil, &state)
		return json.Unmarshal(state, &out) == nil && out.Tries > 0
	})
	h.call(t, http.MethodGet, "/inbox?q="+url.QueryEscape(form.quotation), nil, &list)
	h.call(t, http.MethodGet, "/inbox/"+out.Delivery, nil, &shown)
	return string(state) + string(list) + string(shown)
}
