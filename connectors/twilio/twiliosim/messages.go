package twiliosim

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/simkit"
)

type message struct {
	sid, to, from, service, body string
	status, direction, callback  string
	media                        int
	errorCode                    int
	created, updated             time.Time
	sentAt                       *time.Time
}

func (s *Sim) create(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if !s.mine(w, r) {
		return
	}
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, 20001, "The form cannot be read")
		return
	}
	form := r.PostForm
	if s.opts.Test && form.Get("MessagingServiceSid") != "" {
		s.unknown(w, r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.check(form); p.code != 0 {
		refuse(w, p.status(), p.code, p.text)
		return
	}
	m := s.newMessage(form)
	s.messages = append(s.messages, m)
	simkit.WriteJSON(w, http.StatusCreated, s.view(m))
	if !s.opts.Test {
		s.follow(m)
	}
}

func (s *Sim) newMessage(form url.Values) *message {
	m := &message{
		sid: newSID("SM"), to: form.Get("To"), from: form.Get("From"), service: form.Get("MessagingServiceSid"), body: form.Get("Body"),
		status: "queued", direction: "outbound-api", callback: form.Get("StatusCallback"), media: len(form["MediaUrl"]), created: s.now(), updated: s.now(),
	}
	if m.service != "" {
		m.status = "accepted"
	}
	return m
}

func (s *Sim) list(w http.ResponseWriter, r *http.Request) {
	if !s.mine(w, r) {
		return
	}
	q := r.URL.Query()
	size, _ := strconv.Atoi(q.Get("PageSize"))
	if size <= 0 || size > 1000 {
		size = 50
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []messageWire{}
	for _, m := range slices.Backward(s.messages) {
		if len(out) < size && fits(m, q) {
			out = append(out, s.view(m))
		}
	}
	uri := r.URL.RequestURI()
	simkit.WriteJSON(w, http.StatusOK, map[string]any{
		"messages": out, "page": 0, "page_size": size, "start": 0, "end": max(len(out)-1, 0), "uri": uri, "first_page_uri": uri,
		"next_page_uri": nil, "previous_page_uri": nil,
	})
}

// fits checks To, From and the day of sending; "DateSent>" and "DateSent<"
// (with an equals sign on the wire) take whole days or instants, both included.
func fits(m *message, q url.Values) bool {
	if to := q.Get("To"); to != "" && to != m.to {
		return false
	}
	if from := q.Get("From"); from != "" && from != m.from {
		return false
	}
	at := m.created
	if m.sentAt != nil {
		at = *m.sentAt
	}
	if day := q.Get("DateSent"); day != "" && at.Format(time.DateOnly) != day {
		return false
	}
	for _, key := range []string{"DateSent>", "DateSent<"} {
		limit, err := time.Parse(time.DateOnly, q.Get(key))
		if err != nil {
			limit, err = time.Parse(time.RFC3339, q.Get(key))
		}
		if err != nil {
			continue
		}
		if key == "DateSent>" && at.Before(limit) || key == "DateSent<" && at.After(limit.Add(24*time.Hour)) {
			return false
		}
	}
	return true
}

func (s *Sim) show(w http.ResponseWriter, r *http.Request) {
	if !s.mine(w, r) {
		return
	}
	sid, isJSON := strings.CutSuffix(r.PathValue("file"), ".json")
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.bySID(sid)
	if m == nil || !isJSON {
		s.unknown(w, r)
		return
	}
	simkit.WriteJSON(w, http.StatusOK, s.view(m))
}

func (s *Sim) bySID(sid string) *message {
	i := slices.IndexFunc(s.messages, func(m *message) bool { return m.sid == sid })
	if i < 0 {
		return nil
	}
	return s.messages[i]
}

func (s *Sim) now() time.Time { return s.opts.Now().UTC() }

func newSID(prefix string) string {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	return prefix + hex.EncodeToString(raw)
}

// account shows the account itself, "AC….json": the probe of credentials.
func (s *Sim) account(w http.ResponseWriter, r *http.Request) {
	sid, isJSON := strings.CutSuffix(r.PathValue("file"), ".json")
	if !isJSON || sid != s.opts.AccountSID {
		s.unknown(w, r)
		return
	}
	s.mu.Lock()
	standing := s.standing
	s.mu.Unlock()
	simkit.WriteJSON(w, http.StatusOK, map[string]any{
		"sid": sid, "friendly_name": "Simulated account", "status": standing, "type": "Full", "owner_account_sid": sid,
		"date_created": s.opts.Now().UTC().Format(time.RFC1123Z), "uri": r.URL.RequestURI(),
	})
}
