package magiclink_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/magiclink"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// founded is what all sites begin as: technicians, of whom one has no telephone and
// one has left, and a lorry.
var founded = erpnexttest.Founded(nil, func(site *erpnexttest.Founding) {
	for _, t := range []map[string]any{
		{"technician_id": "T1", "full_name": "Rémi Tremblay", "phone": "514 555-0101"},
		{"technician_id": "T2", "full_name": "Zoé Roy", "phone": "+15145550102", "language": "en"},
		{"technician_id": "T3", "full_name": "Sans Numéro"},
		{"technician_id": "T7", "full_name": "Un camion", "phone": "+15145550107", "resource_type": "material"},
		{"technician_id": "T9", "full_name": "Parti", "phone": "+15145550109", "active": 0},
	} {
		site.Put("Dispatch Technician", t)
	}
	site.Put("Customer", map[string]any{"customer_name": "Ève Untel", "customer_type": "Individual"})
})

// office is a hub with links beside a site.
type office struct {
	tb    testing.TB
	site  *erpnextsim.Site
	erp   *erpnext.Client
	store keep.Engine
	guard *access.Guard
	desk  *magiclink.Desk
	deps  magiclink.Deps
	url   string
	ahead atomic.Int64 // of the clock on the wall
	cut   atomic.Int64 // how many requests more the line to the site carries until it breaks, once
}

func (o *office) now() time.Time { return time.Now().Add(time.Duration(o.ahead.Load())) }

// newOffice makes one that works: with sets what is otherwise.
func newOffice(tb testing.TB, with ...func(*magiclink.Deps)) *office {
	tb.Helper()
	o := &office{tb: tb, site: erpnexttest.Site(tb, founded[erpnextsim.V16], nil), store: hubtest.Store(tb)}
	o.cut.Store(-1)
	o.erp = erpnexttest.Client(tb, erpnexttest.Serve(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o.cut.Add(-1) == 0 {
			panic(http.ErrAbortHandler)
		}
		o.site.ServeHTTP(w, r)
	})), nil)
	var err error
	if o.guard, err = access.New(access.Config{Keys: hubtest.Keys()}, o.store); err != nil {
		tb.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	box, err := outbox.New(outbox.Config{}, outbox.Deps{Store: o.store, Events: hubtest.News{Ring: o.store}, Log: log, PublicURL: "https://hub.example.com"})
	if err != nil {
		tb.Fatal(err)
	}
	texts, err := magiclink.Texts()
	if err != nil {
		tb.Fatal(err)
	}
	box.AddTexts("magiclink", texts)
	o.deps = magiclink.Deps{
		ERPNext: o.erp, Keys: o.guard.Keyring(), Store: o.store, Mail: box, Config: magiclink.Config{Gather: 50 * time.Millisecond},
		Public: web.Config{PublicURL: "https://hub.example.com"}.Public, Brand: "Gigafibre",
		Final: func(status string) bool { return status == erpnext.JobCompleted || status == erpnext.JobCancelled },
		Now:   o.now, Log: log,
	}
	for _, set := range with {
		set(&o.deps)
	}
	if o.desk, err = magiclink.NewDesk(o.deps); err != nil {
		tb.Fatal(err)
	}
	o.serve()
	hubtest.Work(tb, o.store, keep.RunnerOptions{Poll: 10 * time.Millisecond}, o.desk.Work()...)
	return o
}

// Verify believes the test's header, and else what proofs say.
func (o *office) Verify(ctx context.Context, r *http.Request, role hub.Role) (hub.Actor, error) {
	if r.Header.Get(hubtest.RoleHeader) != "" {
		return hubtest.Door{}.Verify(ctx, r, role)
	}
	return o.guard.Verify(ctx, r, role)
}

func (o *office) serve() {
	o.tb.Helper()
	server, err := web.NewServer(web.Config{PublicURL: "https://hub.example.com"}, web.Deps{Verifier: o, Memory: o.store, Limits: o.store})
	if err != nil {
		o.tb.Fatal(err)
	}
	o.desk.Mount(server.Router())
	server.Router().Handle(http.MethodGet, "/j/{jwt}", web.Technician, func(c echo.Context) error {
		actor := hub.ActorOf(c.Request().Context())
		return c.String(http.StatusOK, actor.ID+" "+actor.Job)
	})
	o.url = erpnexttest.Serve(o.tb, server.Handler())
}

// day is a day so many days from today.
func day(n int) string { return time.Now().In(hub.Local()).AddDate(0, 0, n).Format(time.DateOnly) }

// when is how an SMS in French names that day.
func when(n int) string { return hub.SMSDay(time.Now().In(hub.Local()).AddDate(0, 0, n), hub.French) }

// job files a published work order of somebody for tomorrow. Nothing of whom it is
// for may be seen in a message.
func (o *office) job(technician string, more map[string]any) string {
	o.tb.Helper()
	return erpnexttest.Put(o.tb, o.site, "Dispatch Job", map[string]any{
		"subject": "Chez Ève Untel", "notes": "code 1234", "address": "9 rue des Essais", "scheduled_date": day(1), "start_time": "08:30:00",
		"assigned_tech": technician, "status": "Assigned", "published": 1,
	}, more)
}

// assign gives work orders to somebody else as dispatchers do.
func (o *office) assign(ctx context.Context, technician string, jobs ...string) {
	o.tb.Helper()
	was, err := erpnext.ByNames[erpnext.DispatchJob](ctx, o.erp, "Dispatch Job", jobs...)
	if err != nil {
		o.tb.Fatal(err)
	}
	list := make([]*erpnext.DispatchJob, len(was))
	for i := range was {
		list[i] = &was[i]
	}
	written, err := o.desk.Reassigning(ctx, list...)
	if err != nil {
		o.tb.Fatal(err)
	}
	for _, job := range jobs {
		o.change(job, erpnext.Values{"assigned_tech": technician})
	}
	written(ctx)
}

func (o *office) change(job string, values erpnext.Values) {
	o.tb.Helper()
	if err := o.erp.Update(o.tb.Context(), "Dispatch Job", job, values, nil); err != nil {
		o.tb.Fatal(err)
	}
}

func (o *office) read(job string) *erpnext.DispatchJob {
	o.tb.Helper()
	return erpnexttest.Get[erpnext.DispatchJob](o.tb, o.erp, "Dispatch Job", job)
}

// idle waits until nothing of the desk's work is left; what is to be looked at much
// later is not waited for.
func (o *office) idle() {
	o.tb.Helper()
	hubtest.Await(o.tb, "the work is done", func() bool {
		newest, _, err := o.store.Jobs(o.tb.Context(), keep.Filter{Kind: "magiclink.", Limit: 30}) // one look: what is done puts the next
		if err != nil {
			o.tb.Fatal(err)
		}
		return !slices.ContainsFunc(newest, func(job keep.Job) bool {
			return job.Status == keep.Running || job.Status == keep.Pending && time.Until(job.Due) < time.Minute
		})
	})
}

// flush ends the gathering: what is owed is told now.
func (o *office) flush() {
	o.tb.Helper()
	o.idle()
	page, _, err := o.store.Jobs(o.tb.Context(), keep.Filter{Kind: "magiclink.tell", Status: keep.Pending, Limit: 200})
	for _, job := range page {
		_, failed := o.store.Change(o.tb.Context(), job.ID, keep.Hurry, "flushed")
		err = errors.Join(err, failed)
	}
	if err != nil {
		o.tb.Fatal(err)
	}
	o.idle()
}

// answer is what a route says.
type answer struct {
	status int
	magiclink.Made
	Revoked int            `json:"revoked"`
	Code    string         `json:"code"`
	State   map[string]any `json:"state"`
}

func (o *office) call(path string, body any) (a answer) {
	o.tb.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		o.tb.Fatal(err)
	}
	status, text := o.do(http.MethodPost, path, raw, map[string]string{hubtest.RoleHeader: "staff", "Content-Type": "application/json"})
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		o.tb.Fatalf("%s: %v in %q", path, err, text)
	}
	a.status = status
	return a
}

func (o *office) do(method, path string, body []byte, header map[string]string) (status int, text string) {
	o.tb.Helper()
	a := hubtest.Send(o.tb, method, o.url+path, bytes.NewReader(body), header)
	return a.Status, a.Body
}

// open opens a link, or a token: who comes in, or the status of the refusal.
func (o *office) open(link string) string {
	o.tb.Helper()
	status, text := o.do(http.MethodGet, "/j/"+link[strings.LastIndex(link, "/")+1:], nil, nil)
	if status != http.StatusOK {
		return fmt.Sprint(status)
	}
	return text
}

// messages are all SMS.
func (o *office) messages() []string { return hubtest.Texts(o.tb, o.store) }

var anyLink = regexp.MustCompile(`https://hub\.example\.com/j/\S+`)

func linkIn(message string) string { return anyLink.FindString(message) }
