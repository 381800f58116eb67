package main

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// TestScannersOpenALinkAHundredTimes opens an SMS's link as mail filters, chat
// previews and browsers that fetch ahead do. Nothing of it counts as a use: no
// cookie is given, and the link still works for the person afterwards.
func TestScannersOpenALinkAHundredTimes(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	s := w.newShift(t)
	h := w.start(t)
	url, _ := h.techLink(t, s.technician, s.job, false)
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			r, err := http.NewRequest([]string{http.MethodGet, http.MethodHead}[i%2], url, nil)
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("User-Agent", "Mozilla/5.0 (compatible; LinkScanner/1.0)")
			if i%5 == 0 {
				r.Header.Set("Sec-Purpose", "prefetch")
			}
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != http.StatusOK || resp.Header.Get("Set-Cookie") != "" || strings.Contains(string(body), "Zoé") {
				t.Errorf("opening %d answered %d, cookie %q", i, resp.StatusCode, resp.Header.Get("Set-Cookie"))
			}
		})
	}
	group.Wait()
	h.enters(t, url)
}

// enters presses the button of a link and reads the day behind it.
func (h *running) enters(t *testing.T, url string) *http.Client {
	t.Helper()
	phone := pocket(t)
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", h.url)
	resp, err := phone.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	cookie := resp.Header.Get("Set-Cookie")
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/j/" || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
		t.Fatalf("the button answered %d to %q with %q", resp.StatusCode, resp.Header.Get("Location"), cookie)
	}
	day, err := phone.Get(h.url + "/j/")
	if err != nil {
		t.Fatal(err)
	}
	_ = day.Body.Close()
	if day.StatusCode != http.StatusOK {
		t.Fatalf("the day answered %d", day.StatusCode)
	}
	return phone
}

// TestATokenOpensItsOwnersWorkOnly tries everything about a colleague's visit with
// a technician's own, good link.
func TestATokenOpensItsOwnersWorkOnly(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	s := w.newShift(t)
	h := w.start(t)
	url, token := h.techLink(t, s.technician, s.job, false)
	phone := h.enters(t, url)
	for path, want := range map[string]int{
		"/j/job/" + s.job: http.StatusOK, "/j/job/" + s.next: http.StatusOK, "/j/job/" + s.others: http.StatusForbidden, "/j/job/DJ-99999": http.StatusNotFound,
	} {
		resp, err := phone.Get(h.url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != want || want != http.StatusOK && strings.Contains(string(body), "4471#") {
			t.Errorf("%s answered %d, want %d", path, resp.StatusCode, want)
		}
	}
	if got := h.mutate(t, token, "", note("n-others-0001", s.others, "De la part d'un autre")); got[0].State != "rejected" || got[0].Error.Code != "job-forbidden" {
		t.Errorf("a note on a colleague's visit: %+v", got[0])
	}
	if status, text, err := h.ask(token, http.MethodPost, "/dispatch/job-status", m{"job": s.others, "status": "En Route"}, nil); err != nil || status != http.StatusForbidden {
		t.Errorf("moving a colleague's visit answered %d %s, %v", status, text, err)
	}
	for _, path := range []string{"/messages", "/audit", "/dispatch/board", "/api/resource/Customer", "/inbox"} {
		if r := h.sends(t, token, parcel{method: http.MethodGet, path: path}); r.status != http.StatusForbidden && r.status != http.StatusUnauthorized {
			t.Errorf("%s let a technician in: %d", path, r.status)
		}
	}
	if comments := w.comments(t, s.others); len(comments) != 0 {
		t.Errorf("the colleague's visit has %d notes", len(comments))
	}
}

// comments are what people wrote under a job.
func (w *town) comments(t *testing.T, job string) []m {
	t.Helper()
	return w.all(t, "Comment", m{"reference_doctype": "Dispatch Job", "reference_name": job, "comment_type": "Comment"})
}

// TestAReassignedVisitEndsTheFormerLink gives two visits to a colleague and publishes
// the plan: his telephone gets an SMS with a link, and the former technician's link
// is over.
func TestAReassignedVisitEndsTheFormerLink(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	s := w.newShift(t)
	h := w.start(t, "TARGO_MAGICLINK_GATHER=1s")
	url, token := h.techLink(t, s.technician, s.job, false)
	h.enters(t, url)
	for _, job := range []string{s.job, s.next} {
		if status, said, err := h.ask(h.staff, http.MethodPost, "/dispatch/assign", m{"jobs": []any{m{"job": job, "technician": s.colleague}}}, nil); err != nil || status != http.StatusOK {
			t.Fatalf("assigning answered %d %s, %v", status, said, err)
		}
	}
	today := time.Now().In(hub.Local()).Format(time.DateOnly)
	if status, said, err := h.ask(h.staff, http.MethodPost, "/dispatch/publish", m{"from": today, "to": today}, nil); err != nil || status != http.StatusOK {
		t.Fatalf("publishing answered %d %s, %v", status, said, err)
	}
	text, _ := h.textTo(t, "+15145550172")
	if strings.Contains(text, "Zoé") || strings.Contains(text, "4471") || strings.Contains(text, "Inventée") {
		t.Errorf("the SMS says %q", text)
	}
	await(t, "the former link is over", func() bool {
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusGone && strings.Contains(string(body), "/otp")
	})
	status, _, err := h.ask(token, http.MethodGet, "/field/jobs", nil, nil)
	if err != nil || status != http.StatusGone && status != http.StatusUnauthorized {
		t.Errorf("the former token answered %d, %v", status, err)
	}
}
