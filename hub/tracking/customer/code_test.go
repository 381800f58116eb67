package customer_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/customer"
)

// TestOneLinkForAVisit whoever makes it, on whichever replica, as often as one likes.
func TestOneLinkForAVisit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	first := w.mint("DJ-00042")
	if len(first.Code) != 16 || first.URL != "https://hub.example.com/track/"+first.Code || first.State != "scheduled" || !first.ExpiresAt.Equal(noon().Add(7*24*time.Hour)) {
		t.Errorf("%+v", first)
	}
	w.pass(time.Hour)
	w.open() // a restart, or another replica
	if again := w.mint("DJ-00042"); again.Code != first.Code || !again.ExpiresAt.After(first.ExpiresAt) {
		t.Errorf("%+v", again)
	}
	url, err := w.desk.Link(t.Context(), &erpnext.DispatchJob{Doc: erpnext.Doc{Name: "DJ-00042"}, Customer: "CUST-DJ-00042"})
	if err != nil || url != first.URL {
		t.Errorf("%s %v", url, err)
	}
	if s := w.state(strings.ToUpper(first.Code)); s.State != "scheduled" { // as telephones write the first letter
		t.Errorf("%+v", s)
	}
	w.open(func(d *customer.Deps) { d.Keys = secret("k2") }) // the keys are others
	if w.state(first.Code); w.mint("DJ-00042").Code == first.Code {
		t.Error("the code does not depend on the hub's key")
	}
}

func TestManyMintAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	codes, all := make([]string, 16), sync.WaitGroup{}
	for i := range codes {
		all.Go(func() { codes[i] = w.mint("DJ-00042").Code })
	}
	all.Wait()
	if slices.Sort(codes); codes[0] != codes[15] {
		t.Errorf("%v", codes)
	}
}

// TestWhoMayMint: the staff, and it is written down.
func TestWhoMayMint(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, role := range []string{"", "customer", "technician", "service"} {
		if got := w.ask(http.MethodPost, "/track/DJ-00042", hubtest.RoleHeader, role); got.Code != http.StatusUnauthorized && got.Code != http.StatusForbidden {
			t.Errorf("%s: %d", role, got.Code)
		}
	}
	if got := w.ask(http.MethodPost, "/track/DJ-99999", hubtest.RoleHeader, "staff"); got.Code != http.StatusNotFound {
		t.Errorf("no such work order: %d", got.Code)
	}
	w.change(func(v *agenda.Visit) { v.Status, v.EndedAt = erpnext.JobCompleted, noon() })
	if got := w.ask(http.MethodPost, "/track/DJ-00042", hubtest.RoleHeader, "staff"); got.Code != http.StatusConflict {
		t.Errorf("over: %d %s", got.Code, got.Body)
	}
}

// TestLinkEnds a day after the visit, whenever it is looked at; and comes to life
// again when the office opens the work order again.
func TestLinkEnds(t *testing.T) {
	t.Parallel()
	for _, looked := range []bool{true, false} {
		w := newWorld(t, nil)
		m := w.mint("DJ-00042")
		w.pass(time.Hour)
		w.change(func(v *agenda.Visit) {
			v.Status, v.EndedAt, v.Modified = erpnext.JobCompleted, noon().Add(50*time.Minute), noon().Add(50*time.Minute)
		})
		if looked {
			if s := w.state(m.Code); s.State != "done" || s.Technician != nil || s.Refresh != 0 {
				t.Errorf("%+v", s)
			}
			if again := w.mint("DJ-00042"); again.Code != m.Code || !again.ExpiresAt.Equal(noon().Add(24*time.Hour+50*time.Minute)) {
				t.Errorf("%+v", again)
			}
		}
		w.pass(23*time.Hour + 51*time.Minute)
		if got := w.ask(http.MethodGet, "/track/"+m.Code+"/state"); got.Code != http.StatusNotFound {
			t.Errorf("looked at before %v: %d %s", looked, got.Code, got.Body)
		}
		w.change(func(v *agenda.Visit) { v.Status = erpnext.JobScheduled })
		if again := w.mint("DJ-00042"); w.state(again.Code).State != "delayed" {
			t.Errorf("opened again: %+v", again)
		}
	}
}

// TestLinkIsOneCustomers: who has the link of a work order that is somebody else's
// now sees nothing, and neither does he whose work order was deleted.
func TestLinkIsOneCustomers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	m := w.mint("DJ-00042")
	w.change(func(v *agenda.Visit) { v.Customer = "CUST-2" })
	if got := w.ask(http.MethodGet, "/track/"+m.Code+"/state"); got.Code != http.StatusNotFound {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	other := w.mint("DJ-00042")
	if other.Code == m.Code || w.state(other.Code).State != "scheduled" {
		t.Errorf("%+v", other)
	}
	w.edit(func() { delete(w.visits, "DJ-00042") })
	if got := w.ask(http.MethodGet, "/track/"+other.Code+"/state"); got.Code != http.StatusNotFound {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

// TestNothingIsToldOfCodes: what never was, what has ended and what cannot be gets
// the same bytes, no sooner than the others.
func TestNothingIsToldOfCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ended := w.mint("DJ-00042").Code
	w.change(func(v *agenda.Visit) { v.Status, v.EndedAt = erpnext.JobCancelled, noon() })
	w.pass(25 * time.Hour)
	var first string
	for _, code := range []string{"0123456789abcdef", ended, "x", strings.Repeat("a", 200), "%00", "..%2f..%2fetc", "%C3%A9t%C3%A9"} {
		begun := time.Now()
		got := w.page(code, "Accept-Language", "fr-CA")
		if took := time.Since(begun); took < 150*time.Millisecond {
			t.Errorf("%s: answered after %v", code, took)
		}
		if first == "" {
			first = got.Body.String()
		}
		if got.Code != http.StatusNotFound || got.Body.String() != first || got.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", code, got.Code, got.Body)
		}
	}
	has(t, first, []string{"Ce lien ne montre plus rien", `href="tel:+15145550100"`, "514 555-0100"}, "DJ-")
}

// TestGuessing is stopped; who has a link still sees his visit.
func TestGuessing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	m := w.mint("DJ-00042")
	counts, mu, all := map[int]int{}, sync.Mutex{}, sync.WaitGroup{}
	for i := range 60 {
		all.Go(func() {
			got := w.ask(http.MethodGet, "/track/"+strings.Repeat("0", 14)+string(rune('a'+i%8))+string(rune('a'+i/8))+[]string{"", "/state", "/photo"}[i%3])
			mu.Lock()
			defer mu.Unlock()
			counts[got.Code]++
			if got.Code == http.StatusTooManyRequests && got.Header().Get("Retry-After") == "" {
				t.Error("nobody says when to come back")
			}
		})
	}
	all.Wait()
	if counts[http.StatusNotFound] > 32 || counts[http.StatusTooManyRequests] < 28 || len(counts) != 2 {
		t.Errorf("%v", counts)
	}
	if s := w.state(m.Code); s.State != "scheduled" {
		t.Errorf("%+v", s)
	}
	r, elsewhere := httptest.NewRequest(http.MethodGet, "/track/0123456789abcdef", nil), httptest.NewRecorder()
	r.RemoteAddr = "198.51.100.7:4000"
	if w.handler.ServeHTTP(elsewhere, r); elsewhere.Code != http.StatusNotFound {
		t.Errorf("another address: %d", elsewhere.Code)
	}
}

// TestALinkOpenedWithoutEnd is stopped too, for a minute, and nobody else's is.
func TestALinkOpenedWithoutEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.edit(func() { w.visits["DJ-00043"] = job("DJ-00043") })
	m, other := w.mint("DJ-00042"), w.mint("DJ-00043")
	for range 120 {
		w.state(m.Code)
	}
	if got := w.ask(http.MethodGet, "/track/"+m.Code+"/state"); got.Code != http.StatusTooManyRequests || got.Header().Get("Retry-After") == "" {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	w.state(other.Code)
}

// TestWhenNobodyCanLook the page says so, and whom to call.
func TestWhenNobodyCanLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	m := w.mint("DJ-00042")
	w.edit(func() {
		w.away = hub.Fail(hub.Unavailable, "upstream-unavailable", "ERPNext at 10.0.0.7 is away.", nil)
		w.visits = map[string]agenda.Visit{}
	})
	got := w.page(m.Code)
	if got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") != "60" {
		t.Errorf("%d %v", got.Code, got.Header())
	}
	has(t, got.Body.String(), []string{"Indisponible pour le moment", "tel:+15145550100"}, "10.0.0.7", "ERPNext")
	if got := w.ask(http.MethodGet, "/track/"+m.Code+"/state"); got.Code != http.StatusServiceUnavailable {
		t.Errorf("%d", got.Code)
	}
}
