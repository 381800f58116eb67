package erpnextsim_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/simkit"
)

func TestFaultsOfTheSite(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{Database: erpnextsim.Postgres})
	b.put("Lieu", map[string]any{"label": "A"})
	for kind, want := range map[string]string{
		"deadlock": `500 "exc_type":"SerializationFailure"`, "serialization": `500 "exc_type":"SerializationFailure"`,
		"lock_timeout": `500 "exc_type":"LockNotAvailable"`, "maintenance": `503 "exc_type":"SessionStopped"`,
		"permission": `403 "exc_type":"PermissionError"`, "gateway": "502 <h1>502 Bad Gateway</h1>",
	} {
		if a := b.as(nobody, "POST", "/_sim/fail", `{"kind":"`+kind+`","match":"PUT /api/resource/Lieu"}`); a.status != 200 {
			t.Fatalf("arming %s: %d %s", kind, a.status, a.text)
		}
		b.call(200, "GET", "/api/resource/Lieu", "") // does not fit
		a := b.as(hub, "PUT", "/api/resource/Lieu/LOC-00001", `{"label":"B"}`)
		status, text, _ := strings.Cut(want, " ")
		if fmt.Sprint(a.status) != status || !strings.Contains(a.text, text) {
			t.Errorf("%s: %d %s, want %s", kind, a.status, a.text, want)
		}
	}
	if a := b.as(nobody, "POST", "/_sim/fail", `{"kind":"nonsense"}`); a.status != 422 {
		t.Errorf("an unknown kind: %d", a.status)
	}
	doc := b.call(200, "GET", "/api/resource/Lieu/LOC-00001", "").data()
	if doc["label"] != "A" {
		t.Errorf("faults do nothing: %v", doc["label"])
	}
	b.site.Fault().Fail(simkit.Fault{Kind: "timestamp", Match: "PUT"})
	a := b.as(hub, "PUT", "/api/resource/Lieu/LOC-00001", fmt.Sprintf(`{"label":"B","modified":%q}`, doc["modified"]))
	if a.body["exc_type"] != "TimestampMismatchError" {
		t.Errorf("somebody was faster: %s", a.text)
	}
	b.site.Fault().Fail(simkit.Fault{Kind: "late_gateway"})
	if a := b.as(hub, "PUT", "/api/resource/Lieu/LOC-00001", `{"label":"C"}`); a.status != 504 {
		t.Errorf("late: %d", a.status)
	}
	if doc, err := b.site.Doc("Lieu", "LOC-00001"); err != nil || doc["label"] != "C" {
		t.Errorf("done all the same: %v %v", doc, err)
	}
}

func TestSpoiltBodies(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{})
	b.put("Lieu", map[string]any{"label": "A"})
	server := httptest.NewServer(b.site)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	// get reads at most so many bytes, and then leaves.
	get := func(most int64) (string, error) {
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		r, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/api/method/ping", nil)
		b.must(err)
		res, err := client.Do(r)
		if err != nil {
			return "", err
		}
		text, err := io.ReadAll(io.LimitReader(res.Body, most))
		leave()
		return string(text), errors.Join(err, res.Body.Close())
	}
	b.site.Fault().Fail(simkit.Fault{CutBody: 5})
	if text, err := get(100); err == nil || text != `{"mes` {
		t.Errorf("cut: %q %v", text, err)
	}
	b.site.Fault().Fail(simkit.Fault{HangBody: -1})
	if text, err := get(9); err != nil || text != `{"message` {
		t.Errorf("hanging: %q %v", text, err)
	}
	b.site.Fault().Fail(simkit.Fault{Drip: time.Millisecond})
	if text, err := get(100); err != nil || text != `{"message":"pong"}` {
		t.Errorf("dripping: %q %v", text, err)
	}
	b.site.Fault().Fail(simkit.Fault{Bomb: 4 << 20})
	if text, err := get(1 << 30); err != nil || len(text) < 4<<20 {
		t.Errorf("bomb: %d bytes, %v", len(text), err)
	}
}

// TestContention lets writers meet in one row: on Postgres all but one of those who
// were asked for at the same time fail.
func TestContention(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{Database: erpnextsim.Postgres, Config: erpnextsim.Settings{Contention: true}})
	const writers = 8
	var done sync.WaitGroup
	var mu sync.Mutex
	got := map[string]int{}
	for n := range writers {
		done.Go(func() {
			a := b.as(hub, "POST", "/api/resource/Lieu", fmt.Sprintf(`{"label":"l%d"}`, n))
			mu.Lock()
			defer mu.Unlock()
			if a.status == 200 {
				got["made"]++
			} else if a.body["exc_type"] == "SerializationFailure" {
				got["collided"]++
			}
		})
	}
	done.Wait()
	all, err := b.site.All("Lieu", nil)
	if err != nil || got["made"]+got["collided"] != writers || len(all) != got["made"] || got["made"] == 0 {
		t.Errorf("%v, %d documents (%v)", got, len(all), err)
	}
	b.call(200, "POST", "/api/resource/Lieu", `{"label":"alone"}`)
}

func TestDeleteOfALockedRow(t *testing.T) {
	t.Parallel()
	for db, want := range map[erpnextsim.Database]string{erpnextsim.MariaDB: "QueryTimeoutError", erpnextsim.Postgres: "LockNotAvailable"} {
		b := open(t, erpnextsim.Options{Database: db, Config: erpnextsim.Settings{Contention: true}})
		name := b.put("Lieu", map[string]any{"label": "A"})
		release, err := b.site.Lock("Lieu", name)
		b.must(err)
		a := b.as(hub, "DELETE", "/api/resource/Lieu/"+name, "")
		if a.status != 500 || a.body["exc_type"] != want {
			t.Errorf("while locked: %d %s, want %s", a.status, a.text, want)
		}
		release()
		b.call(202, "DELETE", "/api/resource/Lieu/"+name, "")
	}
}

func TestBulk(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{})
	var names, docs []string
	for n := range 25 {
		name := b.put("Lieu", map[string]any{"label": fmt.Sprint(n)})
		names = append(names, `"`+name+`"`)
		docs = append(docs, `{"doctype":"Lieu","name":"`+name+`","label":"new"}`)
	}
	few := b.call(200, "POST", "/api/v2/method/bulk_update", `{"docs":[`+docs[0]+`,{"doctype":"Lieu"},5,{"name":"x"},{"doctype":"Lieu","name":"none"}]}`)
	if !strings.Contains(few.text, `"updated":[{"doctype":"Lieu","name":"LOC-00001"}]`) || !strings.Contains(few.text, `"total":5,"success_count":1,"failure_count":4`) ||
		!strings.Contains(few.text, "'name' must be a string or integer") || !strings.HasPrefix(few.text, `{"docs":[{"name":"LOC-00001"`) {
		t.Errorf("a few of several doctypes: %s", few.text)
	}
	a := b.call(202, "POST", "/api/v2/document/Lieu/bulk_update", `{"docs":[`+strings.Join(docs, ",")+`]}`)
	if id, _ := a.data()["job_id"].(string); !strings.Contains(id, "||") {
		t.Errorf("many are left to a job: %s", a.text)
	}
	b.must(b.site.Quiet(t.Context()))
	if all, err := b.site.All("Lieu", map[string]any{"label": "new"}); err != nil || len(all) != 25 {
		t.Errorf("the job changed %d (%v), want 25", len(all), err)
	}
	b.call(202, "POST", "/api/v2/document/Lieu/bulk_delete", `{"names":[`+strings.Join(names[:21], ",")+`]}`)
	b.must(b.site.Quiet(t.Context()))
	if all, err := b.site.All("Lieu", nil); err != nil || len(all) != 4 {
		t.Errorf("%d are left (%v), want 4", len(all), err)
	}
	for body, want := range map[string]string{`{}`: "'names' must be a list", `{"names":"x"}`: "'names' must be a list"} {
		if a := b.as(hub, "POST", "/api/v2/document/Lieu/bulk_delete", body); a.status != 417 || !strings.Contains(a.text, want) {
			t.Errorf("%s: %d %s", body, a.status, a.text)
		}
	}
	b.site.Configure(func(c *erpnextsim.Settings) { c.BulkThreshold = 1 })
	b.call(202, "POST", "/api/v2/document/Lieu/bulk_delete", `{"names":["a","b"]}`)
}
