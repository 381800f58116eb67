package magiclink_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/keep"
)

// TestTechLink: a link is bound to its technician and his work order, and sent in one
// SMS that says nothing of whom the work is for.
func TestTechLink(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	job := o.job("T1", nil)
	got := o.call("/otp/tech-link", map[string]any{"technician": "T1", "job": job, "send": true})
	if got.status != http.StatusCreated || got.URL != "https://hub.example.com/j/"+got.Token || got.JTI == "" || len(got.Sent) != 1 || got.Sent[0].ID == "" {
		t.Fatalf("%+v", got)
	}
	claims, err := o.guard.Keyring().Verify(t.Context(), got.Token, access.Technician)
	if err != nil || claims.Subject != "T1" || claims.Job != job || claims.ID != got.JTI || !slices.Equal(claims.Scopes, access.JobScopes()) || claims.Lang != hub.French {
		t.Errorf("%+v, %v", claims, err)
	}
	sent := o.messages()
	if len(sent) != 1 || hub.MeasureSMS(sent[0]).Segments != 1 || !strings.HasPrefix(sent[0], "101 Gigafibre :") {
		t.Fatalf("sent %q", sent)
	}
	for _, secret := range []string{"Untel", "1234", "Essais", job} {
		if strings.Contains(sent[0], secret) {
			t.Errorf("the SMS says %q: %s", secret, sent[0])
		}
	}
	if who := o.open(linkIn(sent[0])); who != "T1 "+job {
		t.Errorf("the SMS leads to %q", who)
	}
}

// TestTechLinkRefused: nobody gets a link to what is somebody else's, or to nothing.
func TestTechLinkRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	job, free := o.job("T1", map[string]any{"assistants": []map[string]any{{"technician": "T3"}}}), o.job("", map[string]any{"status": "Open"})
	for _, c := range []struct {
		technician, job string
		send            bool
		status          int
		code            string
	}{
		{"T1", job, false, 201, ""},
		{"T3", job, false, 201, ""}, // assists
		{"T2", free, false, 201, ""},
		{"T3", job, true, 422, "invalid"}, // no telephone
		{"T2", job, false, 409, "state-conflict"},
		{"T9", free, false, 422, "invalid"}, // has left
		{"T7", free, false, 422, "invalid"}, // a lorry
		{"nobody", job, false, 422, "invalid"},
		{"T1", "DJ-none", false, 404, "job-not-found"},
		{"T1", "", false, 422, "invalid"},
	} {
		got := o.call("/otp/tech-link", map[string]any{"technician": c.technician, "job": c.job, "send": c.send})
		if got.status != c.status || got.Code != c.code {
			t.Errorf("%s for %s: %d %s", c.job, c.technician, got.status, got.Code)
		}
	}
	if sent := o.messages(); len(sent) > 0 {
		t.Errorf("sent %q", sent)
	}
	if status, _ := o.do(http.MethodPost, "/otp/tech-link", []byte(`{"technician":"T1","job":"`+job+`"}`), map[string]string{"Content-Type": "application/json"}); status != http.StatusUnauthorized {
		t.Errorf("a stranger makes links: %d", status)
	}
}

// TestLinksEnd: a link stands until four hours after its day, an hour at least and
// three days at most, or as long as was asked for.
func TestLinksEnd(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ends := func(day int) time.Time {
		t := time.Now().In(hub.Local()).AddDate(0, 0, day+1)
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, hub.Local()).Add(4 * time.Hour)
	}
	for _, c := range []struct {
		day    any
		hours  float64
		ends   time.Time
		status int
	}{
		{day(1), 0, ends(1), 201},
		{nil, 0, ends(0), 201},
		{day(-3), 0, time.Now().Add(time.Hour), 201},
		{day(30), 0, time.Now().Add(72 * time.Hour), 201},
		{day(1), 0.5, time.Now().Add(30 * time.Minute), 201},
		{day(-3), 72, time.Now().Add(72 * time.Hour), 201},
		{day(1), 73, time.Time{}, 422},
		{day(1), -1, time.Time{}, 422},
		{day(1), 0.0001, time.Time{}, 422},
	} {
		job := o.job("T1", map[string]any{"scheduled_date": c.day})
		got := o.call("/otp/tech-link", map[string]any{"technician": "T1", "job": job, "ttl_hours": c.hours})
		if off := got.ExpiresAt.Sub(c.ends).Abs(); got.status != c.status || c.status == 201 && off > 10*time.Second {
			t.Errorf("for %v, %v h: %d until %v, want %v", c.day, c.hours, got.status, got.ExpiresAt, c.ends)
		}
	}
}

// TestScannersOpenLinks: a link that is opened a hundred times by machines is as good
// as before, and nothing is written for it.
func TestScannersOpenLinks(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	job := o.job("T1", nil)
	link, err := o.desk.Link(t.Context(), "T1", job)
	if err != nil || !strings.HasPrefix(link, "https://hub.example.com/j/") || len(link) > 50 {
		t.Fatalf("link %q, %v", link, err)
	}
	before := o.jobs("")
	path := strings.TrimPrefix(link, "https://hub.example.com")
	for i := range 100 {
		method := []string{http.MethodGet, http.MethodHead}[i%2]
		status, _ := o.do(method, path, nil, map[string]string{"Purpose": "prefetch", "Sec-Purpose": "prefetch", "User-Agent": "Google-PageRenderer"})
		if status != http.StatusOK {
			t.Fatalf("opened %d times: %d", i, status)
		}
	}
	if who := o.open(link); who != "T1 "+job {
		t.Errorf("then a person: %q", who)
	}
	if diff := cmp.Diff(before, o.jobs("")); diff != "" {
		t.Errorf("work was stored: %s", diff)
	}
}

// TestLinkOfAForB: Link gives nobody the work of another, and a token says which work
// order it is for, whatever path it comes by.
func TestLinkOfAForB(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	mine, theirs := o.job("T1", nil), o.job("T2", nil)
	if link, err := o.desk.Link(t.Context(), "T1", theirs); !hub.HasCode(err, "state-conflict") || link != "" {
		t.Errorf("%q, %v", link, err)
	}
	got := o.call("/otp/tech-link", map[string]any{"technician": "T1", "job": mine})
	if who := o.open(got.Token); who != "T1 "+mine {
		t.Errorf("the token is %q", who)
	}
	forged := got.Token[:len(got.Token)-4] + "AAAA"
	for _, bad := range []string{forged, got.Token + "x", "AAAAAAAAAAAAAAAA", strings.Repeat("a", 5000)} {
		if who := o.open(bad); who != "401" {
			t.Errorf("%.20s… lets in %q", bad, who)
		}
	}
}

// TestManyLinks: of the links that stand for a work order the oldest end when there
// are too many, and an allowance bounds how many are asked for.
func TestManyLinks(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	job := o.job("T1", nil)
	first := o.call("/otp/tech-link", map[string]any{"technician": "T1", "job": job})
	last, made := first, 1
	for last.status == http.StatusCreated && made < 100 {
		next := o.call("/otp/tech-link", map[string]any{"technician": "T1", "job": job})
		if made++; next.status != http.StatusCreated {
			if next.status != http.StatusTooManyRequests {
				t.Errorf("the %dth: %d", made, next.status)
			}
			break
		}
		last = next
	}
	if made != 61 || o.open(first.Token) != "410" || o.open(last.Token) != "T1 "+job {
		t.Errorf("%d made; the first is %s, the last %s", made, o.open(first.Token), o.open(last.Token))
	}
}

// TestLinkAfterHandover: who asks for a link for work that has just gone to somebody
// else, with what he read before, gets none that stands.
func TestLinkAfterHandover(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	job := o.job("T1", nil)
	if _, err := o.desk.Link(t.Context(), "T1", job); err != nil {
		t.Fatal(err)
	}
	o.assign(t.Context(), "T2", job)
	o.idle()
	if _, err := o.desk.Link(t.Context(), "T1", job); !hub.HasCode(err, "state-conflict") {
		t.Errorf("T1 gets a link again: %v", err)
	}
	for _, technician := range []string{"T7", "T9"} {
		if link, err := o.desk.Link(t.Context(), technician, o.job(technician, nil)); link != "" || err != nil {
			t.Errorf("%s gets the link %q, %v", technician, link, err)
		}
	}
}

// jobs names what is stored of a kind, all when "".
func (o *office) jobs(kind string) (names []string) {
	o.tb.Helper()
	page, _, err := o.store.Jobs(o.tb.Context(), keep.Filter{Kind: kind, Limit: 200})
	if err != nil {
		o.tb.Fatal(err)
	}
	for _, job := range page {
		names = append(names, job.Kind+" "+string(job.Status)+" "+job.State)
	}
	slices.Sort(names)
	return names
}
