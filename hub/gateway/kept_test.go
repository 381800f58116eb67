package gateway_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/gateway"
)

const item = "/api/resource/Item?limit=5"

func keeping(lines ...string) gateway.Config { return gateway.Config{Keep: lines} }

// TestKept follows one answer through its life.
func TestKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		site := newStub()
		g := site.gate(t, keeping("Item:10s+20s+30s"))
		defer g.Close()
		expect := func(cache, body string, calls int) {
			t.Helper()
			got := g.get(t, item, "staff")
			synctest.Wait()
			if got.Header().Get("X-Hub-Cache") != cache || got.Body.String() != body || site.count() != calls || got.Code != 200 {
				t.Fatalf("got %d %s %s after %d calls, want %s %s after %d", got.Code, got.Header().Get("X-Hub-Cache"), got.Body, site.count(), cache, body, calls)
			}
			if stale := cache == "stale"; stale != (got.Header().Get("Warning") != "") || stale != (got.Header().Get("Age") != "") {
				t.Errorf("%s has the headers %v", cache, got.Header())
			}
		}
		site.becomes(data("1"), nil)
		expect("miss", `{"data":"1"}`, 1)
		expect("hit", `{"data":"1"}`, 1)
		time.Sleep(9 * time.Second)
		site.becomes(data("2"), nil)
		expect("hit", `{"data":"1"}`, 2) // renewed ahead of time
		expect("hit", `{"data":"2"}`, 2)
		time.Sleep(15 * time.Second)
		site.becomes(data("3"), nil)
		expect("stale", `{"data":"2"}`, 3) // renewed behind the caller's back
		expect("hit", `{"data":"3"}`, 3)
		time.Sleep(40 * time.Second)
		site.becomes(nil, away())
		expect("stale", `{"data":"3"}`, 4) // ERPNext is away
		site.becomes(data("4"), nil)
		expect("miss", `{"data":"4"}`, 5)
		time.Sleep(40 * time.Second)
		site.becomes(func(erpnext.Pass) (int, string) { return 404, "" }, nil)
		if got := g.get(t, item, "staff"); got.Code != 404 {
			t.Errorf("ERPNext says that it is gone, the gateway %d %s", got.Code, got.Body)
		}
		time.Sleep(30 * time.Second)
		site.becomes(nil, away())
		if got := g.get(t, item, "staff"); got.Code != 503 || got.Header().Get("Retry-After") != "4" {
			t.Errorf("too old to be served: %d %v", got.Code, got.Header())
		}
	})
}

// TestHungSite serves what is kept at once, and later after little patience; the
// renewal times out alone.
func TestHungSite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		site := newStub()
		g := site.gate(t, keeping("Item:10s+10s+10m"))
		defer g.Close()
		site.becomes(data("1"), nil)
		g.get(t, item, "staff")
		site.becomes(nil, nil)
		time.Sleep(15 * time.Second)
		began := time.Now()
		for range 50 {
			if got := g.get(t, item, "staff"); got.Header().Get("X-Hub-Cache") != "stale" {
				t.Fatal(got.Header())
			}
		}
		synctest.Wait()
		if took := time.Since(began); took != 0 || site.count() != 2 {
			t.Errorf("50 hits took %s and %d calls", took, site.count())
		}
		time.Sleep(time.Minute)
		began = time.Now()
		got := g.get(t, item, "staff")
		if took := time.Since(began); got.Header().Get("X-Hub-Cache") != "stale" || got.Header().Get("Age") != "77" || took != 2*time.Second {
			t.Errorf("%v after %s", got.Header(), took)
		}
	})
}

// TestNewsDropsWhatIsKept: by the hub's own writes before they are answered, by
// Changed, and never by news of something else.
func TestNewsDropsWhatIsKept(t *testing.T) {
	t.Parallel()
	site := newStub()
	g := site.gate(t, keeping("Item:1h", "ToDo:1h", "frappe.client.get_count:1h", "frappe.auth.get_logged_user:1h"))
	defer g.Close()
	targets := []string{item, "/api/resource/ToDo/T", "/api/method/frappe.client.get_count?doctype=Item", "/api/method/frappe.auth.get_logged_user"}
	for _, test := range []struct {
		name   string
		change func()
		stay   string // h or m for each target
	}{
		{"nothing", func() {}, "hhhh"},
		{"news of an item", func() { g.Changed("Item", "A") }, "mhmm"},
		{"news of a todo", func() { g.Changed("ToDo", "T") }, "hmhm"},
		{"news of something unknown", func() { g.Changed("Unknown", "T") }, "hhhm"},
		{"news of anything", func() { g.Changed("", "") }, "mmmm"},
		{"a write", func() { g.do(t, "PUT", "/api/resource/ToDo/T", "staff") }, "hmhm"},
		{"a write by somebody else", func() { g.do(t, "PUT", "/api/resource/ToDo/T", "service") }, "hmhm"},
		{"a submission", func() { g.do(t, "POST", "/api/v2/document/Quotation/Q/method/submit", "staff") }, "mmmm"},
		{"a read by POST", func() { g.do(t, "POST", "/api/method/frappe.client.get_list?doctype=Item", "staff") }, "hhhh"},
		{"a refused write", func() { g.do(t, "DELETE", "/api/resource/Item/A", "staff") }, "hhhh"},
	} {
		site.becomes(data("x"), nil)
		for _, target := range targets {
			g.get(t, target, "staff")
		}
		test.change()
		for i, target := range targets {
			want := map[byte]string{'h': "hit", 'm': "miss"}[test.stay[i]]
			if got := g.get(t, target, "staff"); got.Header().Get("X-Hub-Cache") != want {
				t.Errorf("%s: %s is a %s", test.name, target, got.Header().Get("X-Hub-Cache"))
			}
		}
	}
}

// TestAReadThatBeganBeforeAChangeIsNotKept.
func TestAReadThatBeganBeforeAChangeIsNotKept(t *testing.T) {
	t.Parallel()
	site := newStub()
	g := site.gate(t, keeping("Item:1h"))
	defer g.Close()
	site.becomes(func(erpnext.Pass) (int, string) {
		g.Changed("Item", "A") // while the answer is on its way
		return 200, `{"data":"old"}`
	}, nil)
	g.get(t, item, "staff")
	site.becomes(data("new"), nil)
	if got := g.get(t, item, "staff"); got.Body.String() != `{"data":"new"}` {
		t.Error(got.Body)
	}
}

// TestTagsAndPacking: 304, both variants with tags of their own, no-cache.
func TestTagsAndPacking(t *testing.T) {
	t.Parallel()
	site := newStub()
	g := site.gate(t, keeping("Item:1h"))
	defer g.Close()
	long := strings.Repeat("0123456789", 500)
	site.becomes(data(long), nil)
	plain := g.get(t, item, "staff")
	packed := g.get(t, item, "staff", "Accept-Encoding: br, gzip")
	tags := [2]string{plain.Header().Get("ETag"), packed.Header().Get("ETag")}
	if tags[0] == "" || tags[0] == tags[1] || plain.Header().Get("Content-Encoding") != "" || packed.Header().Get("Content-Encoding") != "gzip" {
		t.Fatalf("%v\n%v", plain.Header(), packed.Header())
	}
	zip, err := gzip.NewReader(bytes.NewReader(packed.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(zip); err != nil || string(text) != plain.Body.String() {
		t.Error("the packed variant is another answer", err)
	}
	for i, headers := range [][]string{{}, {"Accept-Encoding: gzip"}} {
		for tag, want := range map[string]int{tags[i]: 304, "W/" + tags[i]: 304, `"a", ` + tags[i]: 304, "*": 304, tags[1-i]: 200, `"x"`: 200} {
			got := g.get(t, item, "staff", append(headers, "If-None-Match: "+tag)...)
			if got.Code != want || got.Header().Get("ETag") != tags[i] || (want == 304 && got.Body.Len() > 0) {
				t.Errorf("%s: %d %v", tag, got.Code, got.Header())
			}
		}
	}
	if h := plain.Header(); h.Get("Cache-Control") != "private, no-cache" || !strings.Contains(h.Get("Vary"), "Authorization") {
		t.Error(h)
	}
	calls := site.count()
	if got := g.get(t, item, "staff", "Cache-Control: no-cache"); got.Header().Get("X-Hub-Cache") != "miss" || site.count() != calls+1 {
		t.Error(got.Header())
	}
	if got := g.get(t, item, "staff", "Accept-Encoding: gzip;q=0"); got.Header().Get("Content-Encoding") != "" {
		t.Error(got.Header())
	}
	site.becomes(func(erpnext.Pass) (int, string) { return http.StatusNotFound, "" }, nil)
	if got := g.get(t, "/api/resource/Item/none", "staff"); got.Code != 404 || got.Header().Get("ETag") != "" {
		t.Error(got.Code, got.Header())
	}
}

// TestClassesNeverMix: whatever is asked by whomever in whatever order, nobody
// gets an answer that was made for another class, or for another question.
func TestClassesNeverMix(t *testing.T) {
	t.Parallel()
	site := newStub()
	site.becomes(func(p erpnext.Pass) (int, string) {
		return 200, fmt.Sprintf(`{"data":"%s %s %s"}`, p.Header.Get("X-Hub-Actor"), p.Header.Get("Accept-Language"), p.Target)
	}, nil)
	cfg := keeping("Item:1h", "Customer:1h")
	cfg.Doctypes = []string{"defaults", "billing/Vehicle:read", "night/Vehicle:read"}
	g := site.gate(t, cfg)
	defer g.Close()
	rapid.Check(t, func(rt *rapid.T) {
		classes := map[string]string{
			"staff": "staff", "staff:service": "staff", "staff:billing": "staff+billing", "service": "service", "service:staff": "service",
			"service:night,billing": "service+billing+night", "service:nonsense": "service", "service:billing": "service+billing",
		}
		who := rapid.SampledFrom([]string{"staff", "staff:service", "staff:billing", "service", "service:staff", "service:night,billing", "service:nonsense", "service:billing"})
		what := rapid.SampledFrom([]string{"/api/resource/Item", "/api/resource/Item?limit=1", "/api/resource/Item/A", "/api/resource/Customer", "/api/resource/Customer?"})
		for range rapid.IntRange(1, 40).Draw(rt, "requests") {
			role, target, lang := who.Draw(rt, "who"), what.Draw(rt, "what"), rapid.SampledFrom([]string{"fr", "en"}).Draw(rt, "lang")
			got := g.get(t, target, role, "Accept-Language: "+lang)
			if want := fmt.Sprintf(`{"data":"%s %s %s"}`, classes[role], lang, strings.TrimSuffix(target, "?")); got.Body.String() != want {
				rt.Fatalf("%s asked for %s in %s and got %s, not %s", role, target, lang, got.Body, want)
			}
			if rapid.IntRange(0, 9).Draw(rt, "news") == 0 {
				g.Changed("Item", "")
			}
		}
	})
}

// TestTagsOfOthers: a tag that another class was given for its answer says
// nothing about this one's.
func TestTagsOfOthers(t *testing.T) {
	t.Parallel()
	site := newStub()
	site.becomes(func(p erpnext.Pass) (int, string) { return 200, `{"data":"` + p.Header.Get("X-Hub-Actor") + `"}` }, nil)
	g := site.gate(t, keeping("Item:1h"))
	defer g.Close()
	theirs := g.get(t, item, "staff").Header().Get("ETag")
	for range 2 { // made now, and kept
		if got := g.get(t, item, "service", "If-None-Match: "+theirs); got.Code != 200 || got.Body.String() != `{"data":"service"}` || got.Header().Get("ETag") == theirs {
			t.Error(got.Code, got.Header(), got.Body)
		}
	}
	if got := g.get(t, item, "staff", "If-None-Match: "+theirs); got.Code != 304 {
		t.Error(got.Code)
	}
}
