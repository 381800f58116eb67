package erpnextsim_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/webhooks"
)

// post is one delivery as it arrived.
type post struct {
	method, path, body string
	header             http.Header
}

// receiver takes deliveries and answers with the next of its statuses, then 200.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	posts    []post
	statuses []int
}

func receive(t *testing.T, statuses ...int) *receiver {
	t.Helper()
	rc := &receiver{statuses: statuses}
	rc.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		rc.mu.Lock()
		rc.posts = append(rc.posts, post{r.Method, r.URL.Path, string(body), r.Header})
		status := 200
		if len(rc.statuses) > 0 {
			status, rc.statuses = rc.statuses[0], rc.statuses[1:]
		}
		rc.mu.Unlock()
		if status == 0 { // too slow
			<-r.Context().Done()
			return
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, "answer %d", status)
	}))
	t.Cleanup(rc.Close)
	return rc
}

// bodies are what arrived, once nothing waits any more.
func (rc *receiver) bodies(b *bench) []string {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 20*time.Second)
	defer cancel()
	b.must(b.site.Quiet(ctx))
	rc.mu.Lock()
	defer rc.mu.Unlock()
	var out []string
	for _, p := range rc.posts {
		out = append(out, p.body)
	}
	rc.posts = nil
	return out
}

// hook puts a webhook on Lieu that sends label and port; more changes it.
func (b *bench) hook(rc *receiver, event string, more map[string]any) {
	b.Helper()
	doc := map[string]any{
		"name": event, "webhook_doctype": "Lieu", "webhook_docevent": event, "request_url": rc.URL + "/in", "enabled": 1,
		"request_structure": "Form URL-Encoded",
		"webhook_data":      []any{map[string]any{"fieldname": "label", "key": "titre"}, map[string]any{"fieldname": "port", "key": "port"}},
	}
	for k, v := range more {
		doc[k] = v
	}
	b.put("Webhook", doc)
}

func quick(opts erpnextsim.Options) erpnextsim.Options {
	opts.Hooks.Second = time.Millisecond
	return opts
}

func TestWebhookBytes(t *testing.T) {
	t.Parallel()
	b, rc := open(t, quick(erpnextsim.Options{})), receive(t)
	b.hook(rc, "on_update", map[string]any{"enable_security": 1, "webhook_secret": "s3cret", "request_method": "PUT",
		"webhook_headers": []any{map[string]any{"key": "X-Own", "value": "mine"}}})
	b.call(200, "POST", "/api/resource/Lieu", `{"label":"Étage 2 \"😀\"","port":7}`)
	b.must(b.site.Quiet(t.Context()))
	rc.mu.Lock()
	defer rc.mu.Unlock()
	if len(rc.posts) != 1 {
		t.Fatalf("%d deliveries, want 1", len(rc.posts))
	}
	got := rc.posts[0]
	if want := `{"titre": "\u00c9tage 2 \"\ud83d\ude00\"", "port": 7}`; got.body != want || got.method != "PUT" || got.path != "/in" {
		t.Errorf("%s %s %s, want %s", got.method, got.path, got.body, want)
	}
	mac := hmac.New(sha256.New, []byte("s3cret"))
	_, _ = mac.Write([]byte(got.body))
	if sign := got.header.Get("X-Frappe-Webhook-Signature"); sign != base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		t.Errorf("signature %q", sign)
	}
	if _, typed := got.header["Content-Type"]; typed || got.header.Get("X-Own") != "mine" {
		t.Errorf("headers %v", got.header)
	}
	logged, err := b.site.All("Webhook Request Log", nil)
	b.must(err)
	if len(logged) != 1 || logged[0]["response"] != "answer 200" || logged[0]["error"] != "" && logged[0]["error"] != nil ||
		logged[0]["user"] != "hub@example.com" || logged[0]["reference_document"] != "LOC-00001" || !strings.Contains(fmt.Sprint(logged[0]["data"]), "\"port\": 7") {
		t.Errorf("log: %v", logged)
	}
}

func TestWebhookEvents(t *testing.T) {
	t.Parallel()
	b, rc := open(t, quick(erpnextsim.Options{Hooks: erpnextsim.Webhooks{Workers: 1}})), receive(t)
	for _, event := range []string{"after_insert", "on_update", "on_change", "on_trash"} {
		b.hook(rc, event, map[string]any{"webhook_data": nil, "request_structure": "JSON", "webhook_json": `{"e": "` + event + `", "l": {{ doc.label | tojson }}}`})
	}
	want := func(step string, bodies ...string) {
		t.Helper()
		if diff := cmp.Diff(bodies, rc.bodies(b)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
	}
	b.call(200, "POST", "/api/resource/Lieu", `{"label":"a"}`)
	want("insert", `{"e": "after_insert", "l": "a"}`, `{"e": "on_update", "l": "a"}`)
	b.call(200, "PUT", "/api/resource/Lieu/LOC-00001", `{"label":"b"}`)
	want("update", `{"e": "on_update", "l": "b"}`, `{"e": "on_change", "l": "b"}`)
	b.call(417, "PUT", "/api/resource/Lieu/LOC-00001", `{"label":""}`)
	want("what was rolled back is not told")
	b.call(200, "GET", "/api/resource/Lieu/LOC-00001?run_method=add_comment&text=x", "")
	want("nor what a GET does")
	b.call(200, "POST", "/api/method/frappe.client.insert_many", `{"docs":[{"doctype":"Lieu","label":"c"},{"doctype":"Lieu","label":"d"}]}`)
	want("two documents", `{"e": "after_insert", "l": "c"}`, `{"e": "on_update", "l": "c"}`, `{"e": "after_insert", "l": "d"}`, `{"e": "on_update", "l": "d"}`)
	b.call(202, "DELETE", "/api/resource/Lieu/LOC-00001", "")
	want("delete", `{"e": "on_trash", "l": "b"}`)
	b.put("Webhook", map[string]any{"name": "on_trash", "enabled": 0})
	b.call(202, "DELETE", "/api/resource/Lieu/LOC-00002", "")
	want("a disabled webhook")
}

func TestWebhookOfSubmittedDocuments(t *testing.T) {
	t.Parallel()
	for profile, want := range map[erpnextsim.Profile]int{erpnextsim.V15: 2, erpnextsim.V16: 3} {
		b, rc := open(t, quick(erpnextsim.Options{Profile: profile})), receive(t)
		for _, event := range []string{"on_submit", "on_cancel", "on_update_after_submit"} {
			b.hook(rc, event, map[string]any{"webhook_doctype": "Visite", "webhook_data": nil})
		}
		b.put("Visite", map[string]any{"name": "V", "subject": "s", "docstatus": 1})
		b.call(200, "PUT", "/api/resource/Visite/V", `{"result":"r"}`)
		b.call(200, "PUT", "/api/resource/Visite/V", `{"docstatus":2}`)
		if got := rc.bodies(b); len(got) != want || got[0] != "{}" {
			t.Errorf("%s: %q, want %d empty objects", profile, got, want)
		}
	}
}

func TestWebhookConditions(t *testing.T) {
	t.Parallel()
	b, rc := open(t, quick(erpnextsim.Options{})), receive(t)
	for condition, want := range map[string]string{
		`doc.label.upper() == "A"`: "Invalid Condition: the simulator does not evaluate", `doc.nothing == 1`: "Invalid Condition: 'Lieu' object has no attribute 'nothing'",
	} {
		a := b.as(hub, "POST", "/api/resource/Webhook", fmt.Sprintf(
			`{"name":"w","webhook_doctype":"Lieu","webhook_docevent":"on_update","request_url":%q,"request_method":"POST","timeout":5,"condition":%q}`, rc.URL, condition))
		if a.status != 417 || !strings.Contains(a.messages(t)[0]["message"].(string), want) {
			t.Errorf("%s: %d %s", condition, a.status, a.text)
		}
	}
	for body, want := range map[string]string{
		`"request_url":"nowhere"`: "Check Request URL", `"request_url":"http://127.0.0.1:1","enable_security":1`: "Invalid Webhook Secret",
		`"request_url":"http://127.0.0.1:1","webhook_docevent":"on_submit"`:                                           "DocType must be Submittable",
		`"request_url":"http://127.0.0.1:1","request_structure":"JSON","webhook_json":"{% for a in b %}{% endfor %}"`: "the simulator knows if, elif, else and endif, not",
		`"request_url":"http://127.0.0.1:1","webhook_data":[{"fieldname":"a","key":"a"},{"fieldname":"a","key":"b"}]`: "Same Field is entered more than once",
	} {
		a := b.as(hub, "POST", "/api/resource/Webhook", `{"name":"w","webhook_doctype":"Lieu","request_method":"POST","timeout":5,"webhook_docevent":"on_update",`+body+`}`)
		if a.status != 417 || !strings.Contains(a.text, want) {
			t.Errorf("%s: %d %s, want %s", body, a.status, a.text, want)
		}
	}
	b.hook(rc, "on_update", map[string]any{"condition": `doc.status == "Résilié" and doc.port > 2`})
	b.call(200, "POST", "/api/resource/Lieu", `{"label":"no","port":9}`)
	b.call(200, "POST", "/api/resource/Lieu", `{"label":"yes","status":"Résilié","port":3}`)
	if got := rc.bodies(b); len(got) != 1 || !strings.Contains(got[0], "yes") {
		t.Errorf("deliveries: %q", got)
	}
}

// TestWebhooksOfTheHub takes the webhooks that the hub tells operators to make.
func TestWebhooksOfTheHub(t *testing.T) {
	t.Parallel()
	b, rc := open(t, quick(erpnextsim.Options{Profile: erpnextsim.V15})), receive(t)
	for _, doc := range webhooks.ERPNextWebhooks(rc.URL, "shared", "Quotation", "Lieu") {
		body, err := json.Marshal(doc)
		b.must(err)
		b.call(200, "POST", "/api/resource/Webhook", string(body))
	}
	modified := b.call(200, "POST", "/api/resource/Lieu", `{"label":"x"}`).data()["modified"]
	want := fmt.Sprintf(`{"doctype": "Lieu", "name": "LOC-00001", "modified": %q, "event": "after_insert", "docstatus": 0, "status": "Actif", "customer": ""}`, modified)
	if diff := cmp.Diff([]string{want}, rc.bodies(b)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWebhookTries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		statuses []int
		tries    int
		errors   string
	}{
		{"at once", nil, 1, ""},
		{"the third time", []int{500, 404}, 3, "HTTPError: 500 Server Error,HTTPError: 404 Client Error,"},
		{"never", []int{500, 500, 500, 500}, 3, "HTTPError: 500,HTTPError: 500,HTTPError: 500"},
		{"too slow", []int{0}, 2, "ReadTimeout,"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b, rc := open(t, quick(erpnextsim.Options{})), receive(t, c.statuses...)
			b.hook(rc, "on_update", map[string]any{"timeout": 1})
			b.call(200, "POST", "/api/resource/Lieu", `{"label":"x"}`)
			if got := rc.bodies(b); len(got) != c.tries {
				t.Errorf("%d tries, want %d", len(got), c.tries)
			}
			logged, err := b.site.All("Webhook Request Log", nil)
			b.must(err)
			words := strings.Split(c.errors, ",")
			if len(logged) != c.tries || len(words) != c.tries {
				t.Fatalf("%d rows in the log, want %d", len(logged), c.tries)
			}
			for i, row := range logged {
				if text, _ := row["error"].(string); (text == "") != (words[i] == "") || !strings.Contains(text, words[i]) {
					t.Errorf("try %d: %q, want %q", i+1, text, words[i])
				}
			}
		})
	}
}

func TestWebhooksStayOnThisMachine(t *testing.T) {
	t.Parallel()
	b, rc := open(t, quick(erpnextsim.Options{})), receive(t)
	b.hook(rc, "on_update", map[string]any{"request_url": "http://192.0.2.1/x"})
	b.call(200, "POST", "/api/resource/Lieu", `{"label":"x"}`)
	rc.bodies(b)
	logged, err := b.site.All("Webhook Request Log", nil)
	b.must(err)
	if len(logged) != 3 || !strings.Contains(logged[0]["error"].(string), "delivers to this machine only") {
		t.Errorf("log: %v", logged)
	}
}

func TestKeptDeliveries(t *testing.T) {
	t.Parallel()
	site, err := erpnextsim.New(erpnextsim.Options{
		Config: erpnextsim.Settings{LaterWebhooks: true}, Hooks: erpnextsim.Webhooks{Second: 10 * time.Microsecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	b, rc := &bench{T: t, site: site}, receive(t, 503, 503)
	defer func() { b.must(site.Close()) }()
	b.must(site.Import([]byte(fsm)))
	b.hook(rc, "on_update", nil)
	b.put("Lieu", map[string]any{"label": "x"})
	for deadline := time.Now().Add(10 * time.Second); ; {
		logged, err := site.All("Webhook Request Log", nil)
		b.must(err)
		if len(logged) == 1 && logged[0]["status"] == "Delivered" {
			if logged[0]["attempts"] != int64(3) {
				t.Errorf("attempts %v, want 3 in one row", logged[0]["attempts"])
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("never delivered: %v", logged)
		}
		<-time.After(5 * time.Millisecond)
	}
	if got := rc.bodies(b); len(got) != 3 || got[0] != got[2] {
		t.Errorf("the same bytes each time: %q", got)
	}
}
