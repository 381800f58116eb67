package conversation_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/conversation"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Numbers that nobody has.
const (
	cell  = "+15145550123"
	home  = "+14505550177"
	ours  = "+15145550100"
	ann   = "CUST-ANN"
	empty = ""
)

// founded is what the sites begin as, by release. It is never changed.
var founded = map[erpnextsim.Profile]func() (*erpnextsim.Image, error){
	erpnextsim.V15: sync.OnceValues(func() (*erpnextsim.Image, error) { return found(erpnextsim.V15) }),
	erpnextsim.V16: sync.OnceValues(func() (*erpnextsim.Image, error) { return found(erpnextsim.V16) }),
}

func found(profile erpnextsim.Profile) (*erpnextsim.Image, error) {
	raw, err := erpnext.Fixtures()
	if err != nil {
		return nil, err
	}
	return erpnextsim.Found(erpnextsim.Options{Profile: profile}, func(site *erpnextsim.Site) error {
		return errors.Join(site.Import(raw), site.AddUser("hub@example.com", "key0", "secret0", "System Manager"))
	})
}

// office is a desk with everything that it needs.
type office struct {
	site  *erpnextsim.Site
	erp   *erpnext.Client
	store *sqlite.Engine
	desk  *conversation.Desk
	url   string // of the site
	calls atomic.Int32
	ahead atomic.Int64 // of the real clock
	words func(in conversation.Inbound) (string, error)
}

func (o *office) now() time.Time { return time.Now().Add(time.Duration(o.ahead.Load())) }

// pass lets time pass, for the site and the desk.
func (o *office) pass(d time.Duration) { o.ahead.Add(int64(d)) }

func open(t testing.TB) *office {
	t.Helper()
	return openOn(t, erpnextsim.V16)
}

func openOn(t testing.TB, profile erpnextsim.Profile) *office {
	t.Helper()
	image, err := founded[profile]()
	if err != nil {
		t.Fatal(err)
	}
	o := &office{store: hubtest.Store(t), words: func(conversation.Inbound) (string, error) { return "", nil }}
	if o.site, err = erpnextsim.New(erpnextsim.Options{Image: image, Now: o.now}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.calls.Add(1)
		o.site.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		server.Close()
		if err := o.site.Close(); err != nil {
			t.Error(err)
		}
	})
	o.url = server.URL
	o.restart(t)
	return o
}

// restart opens the desk anew, with a client that remembers no failures.
func (o *office) restart(t testing.TB) {
	t.Helper()
	var err error
	o.erp, err = erpnext.New(erpnext.Config{URL: o.url, APIKey: "key0", APISecret: "secret0"}, erpnext.Deps{
		Transport: &http.Transport{DisableKeepAlives: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.desk = o.another(o.erp)
}

// another is a desk of another replica on the same store.
func (o *office) another(erp *erpnext.Client) *conversation.Desk {
	return conversation.NewDesk(conversation.Deps{
		ERPNext: erp, Store: o.store, News: hubtest.News{Ring: o.store}, Now: o.now, Log: slog.New(slog.DiscardHandler),
		Keyword: func(_ context.Context, in conversation.Inbound) (string, error) { return o.words(in) },
	})
}

// work runs what was assigned until the test ends.
func (o *office) work(t *testing.T) {
	t.Helper()
	runner := keep.NewRunner(o.store, slog.New(slog.DiscardHandler), keep.RunnerOptions{Poll: 10 * time.Millisecond})
	for _, w := range o.desk.Work() {
		w.Backoff = []time.Duration{10 * time.Millisecond}
		w.MaxTries = 20
		runner.Register(w)
	}
	hubtest.Run(t, runner)
}

func (o *office) put(t testing.TB, doctype string, doc map[string]any) string {
	t.Helper()
	return erpnexttest.Put(t, o.site, doctype, doc)
}

// serve puts a customer into ERPNext with a number in one of the fields.
func (o *office) serve(t testing.TB, name, field, number string) {
	t.Helper()
	o.put(t, "Customer", map[string]any{"name": name, "customer_name": "Client " + name, "customer_type": "Individual", field: number})
}

func (o *office) all(t testing.TB, doctype string) []map[string]any {
	t.Helper()
	docs, err := o.site.All(doctype, nil)
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

// bodies are the contents of all Communications, in the order of writing.
func (o *office) bodies(t testing.TB) []string {
	t.Helper()
	var out []string
	for _, doc := range o.all(t, "Communication") {
		content, _ := doc["content"].(string)
		out = append(out, strings.TrimSuffix(strings.TrimPrefix(content, "<p>"), "</p>"))
	}
	return out
}

func sms(id, from, body string) conversation.Inbound {
	return conversation.Inbound{ID: id, From: from, To: ours, Body: body}
}

func (o *office) receive(t testing.TB, in conversation.Inbound) conversation.Outcome {
	t.Helper()
	out, err := o.desk.Receive(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// filed hands a text in until it is filed.
func (o *office) filed(t testing.TB, in conversation.Inbound) (out conversation.Outcome) {
	t.Helper()
	hubtest.Await(t, "the text is filed", func() bool {
		out = o.receive(t, in)
		return out.State == conversation.Filed
	})
	return out
}

// news lists the names of the events, in order.
func (o *office) news(t testing.TB) []string {
	t.Helper()
	events, _, err := o.store.Read(t.Context(), 0, 100, hub.TopicMessages)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range events {
		out = append(out, e.Name)
	}
	return out
}

func one(t testing.TB, docs []map[string]any) map[string]any {
	t.Helper()
	if len(docs) != 1 {
		t.Fatalf("%d documents, want 1: %v", len(docs), docs)
	}
	return docs[0]
}

func ids(prefix string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s%03d", prefix, i)
	}
	return slices.Clip(out)
}
