package docusealsim_test

import (
	"fmt"
	"net/http"
	"testing"

	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim"
)

func (w *world) complete(t *testing.T, submission int64) (out outcome) {
	t.Helper()
	if status := w.call(t, "POST", "/_sim/complete", fmt.Sprintf(`{"submission":%d,"deliver":true}`, submission), &out); status != 200 {
		t.Fatalf("completing: %d", status)
	}
	return out
}

func TestLostDeliveriesLookDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *docusealsim.Options) { o.Hook.Events = []string{"form.completed"} })
	if status := w.call(t, "POST", "/_sim/lose", `{"next":1}`, nil); status != 200 {
		t.Fatalf("losing: %d", status)
	}
	out := w.complete(t, w.create(t, order)[0].SubmissionID)
	if out.HTTP != http.StatusFound || !*out.Delivered {
		t.Errorf("the lost one: %+v", out.Deliveries)
	}
	second := w.create(t, order)[0]
	w.complete(t, second.SubmissionID)
	if _, e := w.hub.next(t); e.Data.SubmissionID != second.SubmissionID {
		t.Errorf("the hub got %+v", e)
	}
	w.sim.Close()
	if n := len(w.hub.got); n != 0 {
		t.Errorf("%d more calls: the lost one was tried again", n)
	}
}

func TestProofsAreTwoTabsOfTheSettings(t *testing.T) {
	t.Parallel()
	hook := func(more string) string { return `{"url":"HUB","events":["form.completed"]` + more + `}` }
	const signature = "X-Docuseal-Signature"
	for name, c := range map[string]struct {
		version, hook     string
		signed, extra     bool
		instead, ofHeader string
	}{
		"both":                      {hook: hook(`,"secret":"` + secret + `","header_name":"X-Hook-Key","header_value":"static"`), signed: true, extra: true},
		"only the signature":        {hook: hook(`,"secret":"` + secret + `"`), signed: true},
		"only the header":           {hook: hook(`,"header_name":"x-hook-key","header_value":"static"`), extra: true},
		"none":                      {hook: hook(``)},
		"before there were any":     {version: "2.5.2", hook: hook(`,"secret":"` + secret + `","header_name":"X-Hook-Key","header_value":"static"`), extra: true},
		"the first that signs":      {version: "2.5.3", hook: hook(`,"secret":"` + secret + `"`), signed: true},
		"a header in its place":     {hook: hook(`,"secret":"` + secret + `","header_name":"x-docuseal-signature","header_value":"mine"`), instead: "mine"},
		"an image without a number": {version: "master", hook: hook(`,"secret":"` + secret + `"`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *docusealsim.Options) { o.Version = c.version })
			w.sim.SetHook(docusealsim.Hook{})
			if status := w.call(t, "POST", "/_sim/hook", c.hook, nil); status != 200 {
				t.Fatalf("registering: %d", status)
			}
			var out outcome
			made := w.create(t, order)[0]
			w.call(t, "POST", "/_sim/complete", fmt.Sprintf(`{"submission":%d}`, made.SubmissionID), &out)
			got, extra := out.Headers[signature], out.Headers["X-Hook-Key"]
			if c.instead != "" {
				if got != c.instead {
					t.Errorf("signature %q, want %q", got, c.instead)
				}
				return
			}
			if (got != "") != c.signed || (extra == "static") != c.extra {
				t.Errorf("signature %q, header %q", got, extra)
			}
		})
	}
}

func TestCloudAndOwnServerDifferInTheirPaths(t *testing.T) {
	t.Parallel()
	own := newWorld(t, nil)
	cloud := newWorld(t, func(o *docusealsim.Options) { o.Cloud = true })
	for _, c := range []struct {
		w    *world
		path string
		want int
	}{
		{own, "/api/user", 200}, {own, "/user", 404}, {own, "/version", 200},
		{cloud, "/user", 200}, {cloud, "/api/user", 404}, {cloud, "/version", 404},
	} {
		if status := c.w.call(t, "GET", c.path, "", nil); status != c.want {
			t.Errorf("cloud %v: %s gave %d, want %d", c.w == cloud, c.path, status, c.want)
		}
	}
	made := struct{ Data []event }{}
	cloud.call(t, "GET", "/events/form/completed", "", &made)
	if made.Data == nil {
		t.Error("the cloud has no list of completions")
	}
}

func TestArchivedEnvelopesLeaveOneOfTheFeeds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	made := w.create(t, order)[0]
	w.complete(t, made.SubmissionID)
	w.call(t, "DELETE", fmt.Sprintf("/api/submissions/%d", made.SubmissionID), "", nil)
	for path, want := range map[string]int{"submission": 0, "form": 1} {
		var page struct{ Data []event }
		if w.call(t, "GET", "/api/events/"+path+"/completed", "", &page); len(page.Data) != want {
			t.Errorf("the %s feed has %d, want %d", path, len(page.Data), want)
		}
	}
}
