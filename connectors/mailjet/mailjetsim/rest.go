package mailjetsim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"gigafibre.ca/targo-hub/simkit"
)

// listMessages finds messages, newest first, by CustomID or all of them.
func (s *Sim) listMessages(w http.ResponseWriter, r *http.Request) {
	custom := r.URL.Query().Get("CustomID")
	limit, err := strconv.Atoi(r.URL.Query().Get("Limit"))
	if err != nil || limit <= 0 || limit > 1000 {
		limit = 10
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := []messageRow{}
	for _, m := range slices.Backward(s.messages) {
		if len(rows) < limit && (custom == "" || custom == m.order.CustomID) {
			rows = append(rows, m.row())
		}
	}
	writeRows(w, http.StatusOK, rows)
}

func (s *Sim) showMessage(w http.ResponseWriter, r *http.Request) {
	id := idOf(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.messages, func(m *message) bool { return m.id == id })
	if i < 0 {
		notFound(w)
		return
	}
	writeRows(w, http.StatusOK, []messageRow{s.messages[i].row()})
}

func (m *message) row() messageRow {
	return messageRow{
		ArrivedAt: m.at.Format(time.RFC3339), ID: m.id, UUID: m.uuid, Status: m.status, Subject: m.order.Subject, ContactAlt: m.to, CustomID: m.order.CustomID,
		AttachmentCount: len(m.order.Attachments), MessageSize: len(m.order.TextPart) + len(m.order.HTMLPart),
		IsHTMLPartIncluded: m.order.HTMLPart != "", IsTextPartIncluded: m.order.TextPart != "",
	}
}

func (s *Sim) listHooks(w http.ResponseWriter, r *http.Request) {
	kind := r.URL.Query().Get("EventType")
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := []hook{}
	for _, h := range s.hooks {
		if kind == "" || kind == h.EventType {
			rows = append(rows, *h)
		}
	}
	writeRows(w, http.StatusOK, rows)
}

func (s *Sim) showHook(w http.ResponseWriter, r *http.Request) {
	s.withHook(w, r, func(h *hook) { writeRows(w, http.StatusOK, []hook{*h}) })
}

func (s *Sim) addHook(w http.ResponseWriter, r *http.Request) {
	in, ok := readHook(w, r)
	if !ok {
		return
	}
	if in.URL == "" || !slices.Contains(eventTypes, in.EventType) {
		refuseRow(w, http.StatusBadRequest, `Invalid value: "EventType" or "Url"`)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := func(h *hook) bool { return h.EventType == in.EventType && h.IsBackup == in.IsBackup }
	if slices.ContainsFunc(s.hooks, taken) {
		refuseRow(w, http.StatusBadRequest, "MJ18 A EventCallbackUrl resource with value already exists")
		return
	}
	writeRows(w, http.StatusCreated, []hook{*s.register(in)})
}

// changeHook sets the address, which also wakes one that was suspended.
func (s *Sim) changeHook(w http.ResponseWriter, r *http.Request) {
	in, ok := readHook(w, r)
	if !ok {
		return
	}
	s.withHook(w, r, func(h *hook) {
		if in.URL != "" {
			h.URL, h.Status = in.URL, "alive"
		}
		if in.Version != 0 {
			h.Version = in.Version
		}
		if in.Status != "" {
			h.Status = in.Status
		}
		writeRows(w, http.StatusOK, []hook{*h})
	})
}

func (s *Sim) removeHook(w http.ResponseWriter, r *http.Request) {
	s.withHook(w, r, func(gone *hook) {
		s.hooks = slices.DeleteFunc(s.hooks, func(h *hook) bool { return h == gone })
		w.WriteHeader(http.StatusNoContent)
	})
}

func (s *Sim) withHook(w http.ResponseWriter, r *http.Request, do func(*hook)) {
	id := idOf(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.hooks, func(h *hook) bool { return h.ID == id })
	if i < 0 {
		notFound(w)
		return
	}
	do(s.hooks[i])
}

// register adds a webhook. The caller holds the lock.
func (s *Sim) register(h hook) *hook {
	h.ID = 1
	for _, other := range s.hooks {
		h.ID = max(h.ID, other.ID+1)
	}
	if h.Version == 0 {
		h.Version = 1
	}
	h.Status, h.APIKeyID = "alive", 1
	s.hooks = append(s.hooks, &h)
	return &h
}

// hookFor finds the address for a kind of event: the main one, or the backup
// when the main one is dead.
func (s *Sim) hookFor(kind string) *hook {
	var found *hook
	for _, h := range s.hooks {
		if h.EventType == kind && h.Status == "alive" && (found == nil || found.IsBackup) {
			found = h
		}
	}
	return found
}

func readHook(w http.ResponseWriter, r *http.Request) (hook, bool) {
	var in hook
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&in); err != nil {
		refuseRow(w, http.StatusBadRequest, "Invalid JSON input")
		return hook{}, false
	}
	return in, true
}

func idOf(r *http.Request) int64 {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	return id
}

func notFound(w http.ResponseWriter) { refuseRow(w, http.StatusNotFound, "Object not found") }

// refuseRow is the error of the older API, which differs from that of sending.
func refuseRow(w http.ResponseWriter, status int, text string) {
	simkit.WriteJSON(w, status, map[string]any{"ErrorInfo": "", "ErrorMessage": text, "StatusCode": status})
}

func writeRows[T any](w http.ResponseWriter, status int, rows []T) {
	simkit.WriteJSON(w, status, map[string]any{"Count": len(rows), "Data": rows, "Total": len(rows)})
}

type messageRow struct {
	ArrivedAt          string
	AttachmentCount    int
	ContactAlt         string
	CustomID           string
	ID                 int64
	IsHTMLPartIncluded bool
	IsTextPartIncluded bool
	MessageSize        int
	Status             string
	Subject            string
	UUID               string
}
