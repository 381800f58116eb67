package docuseal_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal"
)

const since = 1_800_000_000

// feed imitates DocuSeal's list of completions, one per entry, in milliseconds.
func feed(t *testing.T, completed []int64) *httptest.Server {
	t.Helper()
	slices.SortFunc(completed, func(a, b int64) int { return int(b - a) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		after, _ := strconv.ParseInt(r.FormValue("after"), 10, 64)
		before, _ := strconv.ParseInt(r.FormValue("before"), 10, 64)
		limit, _ := strconv.Atoi(r.FormValue("limit"))
		items, next := []string{}, "null"
		for i, at := range completed {
			if at >= (before+1)*1000 && at < after*1000 && len(items) < limit {
				stamp := time.UnixMilli(at).UTC().Format("2006-01-02T15:04:05.000Z")
				items = append(items, fmt.Sprintf(`{"event_type":"form.completed","timestamp":%q,"data":{"id":%d,"submission_id":7,"completed_at":%q,
					"ip":"192.0.2.7","submission":{"id":7,"status":"completed"}}}`, stamp, i+1, stamp))
				next = strconv.FormatInt(at/1000, 10)
			}
		}
		_, _ = fmt.Fprintf(w, `{"data":[%s],"pagination":{"count":%d,"next":%s,"prev":null}}`, strings.Join(items, ","), len(items), next)
	}))
	t.Cleanup(server.Close)
	return server
}

func span(seconds int64) docuseal.Span {
	return docuseal.Span{From: time.Unix(since, 0), Until: time.Unix(since+seconds, 0)}
}

func TestCompletions(t *testing.T) {
	t.Parallel()
	rising := func(n int, step int64) []int64 {
		list := make([]int64, n)
		for i := range list {
			list[i] = since*1000 + int64(i)*step
		}
		return list
	}
	for name, c := range map[string]struct {
		completed     []int64
		want, crowded int
	}{
		"none":                       {nil, 0, 0},
		"the edges of the span":      {[]int64{since*1000 - 1, since * 1000, since*1000 + 499_999, since*1000 + 500_000}, 2, 0},
		"one page":                   {rising(99, 1000), 99, 0},
		"exactly a page":             {rising(100, 1000), 100, 0},
		"several pages":              {rising(250, 1000), 250, 0},
		"many in one second":         {rising(250, 100), 250, 0},
		"page edge inside a second":  {rising(205, 500), 205, 0},
		"almost a page in a second":  {rising(400, 11), 400, 0},
		"more than a page, and rest": {append(rising(30, 1000), slices.Repeat([]int64{since*1000 + 100_000}, 130)...), 130, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := docuseal.New(settings(feed(t, c.completed).URL), nil)
			seen, crowded := map[int64]int{}, 0
			for line, err := range client.Completions(t.Context(), span(500)) {
				if errors.Is(err, docuseal.ErrCrowded) {
					crowded++
					continue
				}
				if err != nil || line.Envelope != 7 || !line.Finished || line.At.IsZero() {
					t.Fatalf("%+v %v", line, err)
				}
				seen[line.Signer]++
			}
			if len(seen) != c.want || crowded != c.crowded {
				t.Errorf("%d signers, %d crowded seconds", len(seen), crowded)
			}
			for signer, times := range seen {
				if times != 1 {
					t.Errorf("signer %d came %d times", signer, times)
				}
			}
		})
	}
}

func TestCompletionsStopWhenAsked(t *testing.T) {
	t.Parallel()
	client := docuseal.New(settings(feed(t, []int64{since * 1000, since*1000 + 1}).URL), nil)
	n := 0
	for range client.Completions(t.Context(), span(5)) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d lines", n)
	}
}

func TestAStrangeLineDoesNotHideTheOthers(t *testing.T) {
	t.Parallel()
	p := newPeer(t, map[string]string{
		"GET /api/events/form/completed?after=1800000005&before=1799999999&limit=100": `{"data":[
			{"event_type":"form.completed","data":"?"}, {"event_type":"form.completed","data":{"id":1}},
			{"event_type":"form.completed","data":{"id":2,"submission_id":3,"phone":5551234,"completed_at":"2027-01-15T08:00:00.123Z"}}],
			"pagination":{"next":1800000000}}`,
	})
	good, bad := 0, 0
	for line, err := range docuseal.New(settings(p.URL), nil).Completions(t.Context(), span(5)) {
		switch {
		case errors.Is(err, docuseal.ErrLine):
			bad++
		case err != nil:
			t.Fatal(err)
		case line.Signer == 2 && line.Envelope == 3 && !line.Finished:
			good++
		}
	}
	if good != 1 || bad != 2 {
		t.Errorf("%d good, %d bad", good, bad)
	}
}

func TestLastSigner(t *testing.T) {
	t.Parallel()
	client := docuseal.New(settings(feed(t, []int64{since * 1000, since*1000 + 123, since*1000 + 9000}).URL), nil)
	form, found, err := client.LastSigner(t.Context(), 7, time.UnixMilli(since*1000+123))
	if err != nil || !found || form.ID != 2 || form.IP != "192.0.2.7" {
		t.Errorf("%+v %v %v", form, found, err)
	}
	if _, found, err := client.LastSigner(t.Context(), 8, time.Unix(since, 0)); found || err != nil {
		t.Errorf("another envelope: %v %v", found, err)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		"2.5.3\n": "2.5.3", "v3.1.7": "3.1.7", "2.4.4\nmore\n": "2.4.4", "": "", "<html>sign in</html>": "", "master": "",
	} {
		p := newPeer(t, map[string]string{"GET /version": answer})
		if got, err := docuseal.New(settings(p.URL), nil).Version(t.Context()); got != want || err != nil || p.token != "" {
			t.Errorf("%q gave %q %v (token %q)", answer, got, err, p.token)
		}
	}
	if got, err := docuseal.New(settings(newPeer(t, nil).URL), nil).Version(t.Context()); got != "" || err != nil {
		t.Errorf("none: %q %v", got, err)
	}
	for version, want := range map[string]bool{"2.5.3": true, "2.5.2": false, "2.10.0": true, "1.9.9": false, "3.0.0": true} {
		if got, err := docuseal.Signs(version); got != want || err != nil {
			t.Errorf("%s: %v %v", version, got, err)
		}
	}
	if _, err := docuseal.Signs("new"); err == nil {
		t.Error("no version was compared")
	}
}
