package simkit

import (
	"encoding/json"
	"net/http"
	"slices"
)

func (c *Control) showState(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	view := stateView{Simulator: c.name, Requests: c.total, Recent: slices.Clone(c.recent), Faults: []faultWire{}}
	for _, f := range c.faults {
		view.Faults = append(view.Faults, f.wire())
	}
	state := c.state
	c.mu.Unlock()
	if state != nil {
		view.State = state()
	}
	WriteJSON(w, http.StatusOK, view)
}

func (c *Control) arm(w http.ResponseWriter, r *http.Request) {
	var in faultWire
	if !ReadJSON(w, r, &in) {
		return
	}
	if err := c.check(in.fault()); err != nil {
		WriteJSON(w, http.StatusUnprocessableEntity, map[string]string{"error": err.Error()})
		return
	}
	if in.Next < 1 {
		in.Next = 1
	}
	c.Fail(in.fault())
	WriteJSON(w, http.StatusOK, map[string]any{"armed": in})
}

func (c *Control) reset(w http.ResponseWriter, _ *http.Request) {
	c.Reset()
	WriteJSON(w, http.StatusOK, map[string]bool{"reset": true})
}

func (c *Control) showSent(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	sent := c.sent
	c.mu.Unlock()
	if sent == nil {
		WriteJSON(w, http.StatusNotFound, map[string]string{"error": "this simulator receives no messages"})
		return
	}
	items := sent()
	if items == nil {
		items = []any{}
	}
	WriteJSON(w, http.StatusOK, map[string]any{"items": items})
}

// WriteJSON answers with a JSON body.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// ReadJSON reads the JSON body of a control request into v; an empty body
// leaves v as it is. When it cannot, it answers 400 and returns false.
func ReadJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	if r.ContentLength == 0 {
		return true
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(v); err != nil {
		WriteJSON(w, http.StatusBadRequest, map[string]string{"error": "reading the body: " + err.Error()})
		return false
	}
	return true
}

func plainAnswer(w http.ResponseWriter, _ *http.Request, status int) {
	WriteJSON(w, status, map[string]string{"error": http.StatusText(status)})
}

type stateView struct {
	Simulator string      `json:"simulator"`
	Requests  int         `json:"requests"`
	Faults    []faultWire `json:"faults"`
	Recent    []Call      `json:"recent"`
	State     any         `json:"state,omitempty"`
}
