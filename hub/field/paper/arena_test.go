package paper_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/field/day"
	"gigafibre.ca/targo-hub/hub/field/mutation"
	"gigafibre.ca/targo-hub/hub/field/paper"
	"gigafibre.ca/targo-hub/hub/web"
)

// office is the rest of the hub as the pages meet it: work orders, a queue that
// does what it is told, uploads, and an answer for every code.
type office struct {
	mu      sync.Mutex
	jobs    []day.Job
	taken   []mutation.Wire
	answer  func(w mutation.Wire) mutation.Result // nil: applied
	uploads map[string][]byte
	now     time.Time // when the day began, at the moment begun
	begun   time.Time
	cut     atomic.Bool
	weather weather
	line    silence
	refuse  int // POST /field/mutations answers this status
}

func newOffice() *office {
	return &office{jobs: someJobs(), uploads: map[string][]byte{}, now: time.Date(2026, 11, 23, 14, 5, 0, 0, time.UTC), begun: time.Now()}
}

// clock runs on from o.now: a page tells by it which of two states is the newer.
func (o *office) clock() time.Time { return o.now.Add(time.Since(o.begun)) }

func (o *office) Day(context.Context, hub.Actor, erpnext.Date, erpnext.Date) (day.Sheet, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return day.Sheet{Today: "2026-11-23", Jobs: slices.Clone(o.jobs)}, nil
}

func (o *office) Job(_ context.Context, _ hub.Actor, name string) (day.Job, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, j := range o.jobs {
		if j.Name == name {
			return j, nil
		}
	}
	if name == "DJ-FOREIGN" {
		return day.Job{}, hub.Fail(hub.Forbidden, "forbidden", "This work order is somebody else's.", nil)
	}
	return day.Job{}, hub.Fail(hub.NotFound, "not-found", "There is no such work order.", nil)
}

// Take does what the pages can see the result of: states, notes, answers.
func (o *office) Take(_ context.Context, b mutation.Batch) ([]mutation.Result, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var results []mutation.Result
	for _, w := range b.Mutations {
		r := mutation.Result{ID: w.ID, State: mutation.Applied}
		if o.answer != nil {
			r = o.answer(w)
		}
		if slices.ContainsFunc(o.taken, func(t mutation.Wire) bool { return t.ID == w.ID }) {
			results = append(results, mutation.Result{ID: w.ID, State: mutation.Duplicate})
			continue
		}
		o.taken = append(o.taken, w)
		if r.State == mutation.Applied {
			o.apply(w)
		}
		results = append(results, r)
	}
	return results, nil
}

func (o *office) apply(w mutation.Wire) {
	i := slices.IndexFunc(o.jobs, func(j day.Job) bool { return j.Name == w.Job })
	if i < 0 {
		return
	}
	var in struct{ Status, Text, Label, Value string }
	_ = json.Unmarshal(w.Data, &in)
	j := &o.jobs[i]
	switch w.Kind {
	case "status":
		j.Status, j.Steps = in.Status, map[string][]string{"En Route": {"In Progress"}, "In Progress": {"Paused", "Completed"}}[in.Status]
	case "note":
		j.Notes = append(slices.Clone(j.Notes), day.Note{Text: in.Text, By: "Léo Gagné", At: &o.now})
	case "checklist":
		items := slices.Clone(j.Checklist.Items)
		for k := range items {
			if items[k].Label == in.Label {
				items[k].Value, items[k].Answered = in.Value, in.Value != ""
			}
		}
		j.Checklist.Items = items
	}
}

func (o *office) kinds() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []string
	for _, w := range o.taken {
		list = append(list, w.Kind)
	}
	return strings.Join(list, " ")
}

// Verify believes the tokens "good", "english" and "ended" in a path or a cookie.
func (o *office) Verify(_ context.Context, r *http.Request, role hub.Role) (hub.Actor, error) {
	token := r.PathValue("jwt")
	if cookie, err := r.Cookie("targo_tech"); token == "" && err == nil {
		token = cookie.Value
	}
	actor := hub.Actor{Role: role, ID: "TECH-1", Job: "DJ-1", TokenID: "T", Expires: o.now.Add(8760 * time.Hour)}
	switch token {
	case "good":
		return actor, nil
	case "other":
		actor.ID = "TECH-2"
		return actor, nil
	case "english":
		actor.Lang = hub.English
		return actor, nil
	case "ended":
		return hub.Actor{}, hub.Fail(hub.Gone, "link-expired", "The link has expired.", nil)
	case "":
		return hub.Actor{}, hub.Fail(hub.Unauthenticated, "unauthenticated", "Proof of identity is needed.", nil)
	}
	return hub.Actor{}, hub.Fail(hub.Unauthenticated, "link-invalid", "The link is not valid.", nil)
}

// open starts the pages on a server of their own.
func (o *office) open(t testing.TB) *httptest.Server {
	t.Helper()
	edge, err := web.NewServer(web.Config{Brand: "Fibre d'essai"}, web.Deps{Verifier: o})
	if err != nil {
		t.Fatal(err)
	}
	if err := paper.Mount(edge.Router(), paper.Deps{
		Day: o, Mutations: o, Device: someDevice, Brand: "Fibre d'essai", Office: "418 555-0100", Now: o.clock, Log: quiet(),
	}); err != nil {
		t.Fatal(err)
	}
	r := edge.Router()
	r.Handle("POST", "/field/mutations", web.Technician, o.mutations)
	r.Handle("GET", "/field/context", web.Technician, func(c echo.Context) error {
		return c.JSON(200, map[string]string{"technician": hub.ActorOf(c.Request().Context()).ID})
	})
	r.Handle("POST", "/field/uploads", web.Technician, o.upload)
	r.Handle("PATCH", "/field/uploads/{id}", web.Technician, o.patch)
	r.Handle("POST", "/vision/barcodes", web.Technician, func(c echo.Context) error {
		return c.JSONBlob(200, []byte(`{"codes":[{"value":"TPLG0A1B2C3D","kind":"gpon","normalized":"TPLG0A1B2C3D","valid":true}]}`))
	})
	r.Handle("GET", "/equipment/lookup", web.Technician, lookup)
	server := httptest.NewServer(o.signal(o.line.wrap(o.weather.wrap(edge.Handler()))))
	t.Cleanup(server.Close)
	return server
}

// signal is the network between phone and hub: while it is cut, connections end
// without an answer.
func (o *office) signal(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o.cut.Load() {
			panic(http.ErrAbortHandler)
		}
		h.ServeHTTP(w, r)
	})
}

// control is how a browser's script changes the world: /cut, /heal, /conflict,
// /expire, /accept, /news, the kinds of weather, and a line that is silent for a part
// of the paths: /silent-/assets/, /held, /speak.
func (o *office) control(t testing.TB) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		defer o.mu.Unlock()
		switch r.URL.Path {
		case "/cut", "/heal":
			o.cut.Store(r.URL.Path == "/cut")
		case "/expire":
			o.refuse = http.StatusGone
		case "/accept":
			o.refuse, o.answer = 0, nil
		case "/conflict":
			o.answer = conflict
		case "/news":
			o.jobs[0].Notes = append(slices.Clone(o.jobs[0].Notes), day.Note{Text: "Le chien est attaché", By: "Bureau"})
		case "/calm":
			o.weather.set("")
		case "/held":
			_ = json.NewEncoder(w).Encode(o.line.heldBack())
		case "/speak":
			o.line.end()
		default:
			if part, silent := strings.CutPrefix(r.URL.Path, "/silent-"); silent {
				o.line.fall(part)
			} else {
				o.weather.set(r.URL.Path[1:])
			}
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// conflict answers that the office said something else about the checklist.
func conflict(w mutation.Wire) mutation.Result {
	document := `{"name":"DJ-1","modified":"later","status":"Assigned","checklist":{"items":[{"label":"Puissance mesurée (dBm)","type":"number","value":"-19,9","answered":true}]}}`
	return mutation.Result{ID: w.ID, State: mutation.Conflict, Document: json.RawMessage(document)}
}

func (o *office) mutations(c echo.Context) error {
	o.mu.Lock()
	refuse := o.refuse
	o.mu.Unlock()
	if refuse != 0 {
		return hub.Fail(hub.KindOfStatus(refuse), "link-expired", "The link has expired.", nil)
	}
	var b mutation.Batch
	if err := c.Bind(&b); err != nil {
		return err
	}
	results, err := o.Take(c.Request().Context(), b)
	if err != nil {
		return err
	}
	return c.JSON(200, map[string]any{"results": results})
}

func (o *office) upload(c echo.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	id := "U" + strconv.Itoa(len(o.uploads))
	o.uploads[id] = nil
	c.Response().Header().Set("Location", "/field/uploads/"+id)
	c.Response().Header().Set("Tus-Resumable", "1.0.0")
	return c.NoContent(http.StatusCreated)
}

func (o *office) patch(c echo.Context) error {
	raw, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.uploads[c.Param("id")] = append(o.uploads[c.Param("id")], raw...)
	c.Response().Header().Set("Tus-Resumable", "1.0.0")
	c.Response().Header().Set("Upload-Offset", strconv.Itoa(len(o.uploads[c.Param("id")])))
	return c.NoContent(http.StatusNoContent)
}

func lookup(c echo.Context) error {
	device := map[string]any{"name": "EQP-00042", "equipment_type": "ONT", "brand": "Nordlys", "model": "NX-5", "serial_number": c.QueryParam("code")}
	found := map[string]any{"tier": "serial", "equipment": device, "candidates": []any{}, "conflict": nil, "create_hint": nil}
	switch c.QueryParam("code") {
	case "NEW-1":
		found = map[string]any{"tier": "none", "equipment": nil, "candidates": []any{}, "conflict": nil, "create_hint": map[string]any{"serial_number": "NEW-1", "brand": "Nordlys"}}
	case "AWAY-1":
		found["conflict"] = map[string]any{"equipment": "EQP-00042", "status": "active", "detail": "En service chez un autre client.", "customer": "Aline Roy", "address": "9, rue Basse"}
	}
	return c.JSON(200, found)
}
