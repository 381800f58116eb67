package traccarsim

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/simkit"
)

// door knows who may enter.
type door struct {
	mu       sync.Mutex
	tokens   map[string]time.Time // until when each is valid; zero for ever
	sessions map[string]string    // the origin that each was made with
}

const (
	cookieName = "JSESSIONID"
	tokenLife  = 7 * 24 * time.Hour
	notFound   = "jakarta.ws.rs.NotFoundException: HTTP 404 Not Found"
)

func (d *door) open(o Options) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tokens, d.sessions = map[string]time.Time{o.Token: {}}, map[string]string{}
}

func (d *door) expire() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.tokens)
	clear(d.sessions)
}

// restart forgets the sessions, which live in memory; tokens are signed texts.
func (d *door) restart() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.sessions)
}

func (d *door) renew(token string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tokens[token] = time.Time{}
}

func (d *door) token(text string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	until, ok := d.tokens[text]
	return ok && (until.IsZero() || now.Before(until))
}

// session tells whether the request comes with one. It belongs to the origin that
// it was made with; one made without takes no other than this server's own.
func (d *door) session(r *http.Request) bool {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return false
	}
	d.mu.Lock()
	made, ok := d.sessions[cookie.Value]
	d.mu.Unlock()
	origin := r.Header.Get("Origin")
	if !ok || origin == "" || made == origin {
		return ok
	}
	u, err := url.Parse(origin)
	return made == "" && err == nil && u.Host == r.Host
}

// entered lets users in: by an Authorization header, and only when there is none by
// the cookie.
func (s *Sim) entered(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.user(r) {
			refuseStatus(w, r, http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func (s *Sim) user(r *http.Request) bool {
	header := r.Header.Get("Authorization")
	if token, ok := strings.CutPrefix(header, "Bearer "); ok {
		return s.door.token(token, s.now())
	}
	if email, password, ok := r.BasicAuth(); ok {
		return email == s.opts.Email && password == s.opts.Password
	}
	return header == "" && s.door.session(r)
}

func (s *Sim) login(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("email") != s.opts.Email || r.FormValue("password") != s.opts.Password {
		refuseStatus(w, r, http.StatusUnauthorized)
		return
	}
	if s.opts.Code != "" && r.FormValue("code") != s.opts.Code {
		w.Header().Set("WWW-Authenticate", "TOTP")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	s.admit(w, r)
}

func (s *Sim) showSession(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("token")
	switch {
	case token != "" && s.door.token(token, s.now()):
		s.admit(w, r)
	case token != "":
		refuseStatus(w, r, http.StatusUnauthorized)
	case s.door.session(r):
		simkit.WriteJSON(w, http.StatusOK, s.person())
	default:
		refuse(w, http.StatusNotFound, notFound)
	}
}

func (s *Sim) admit(w http.ResponseWriter, r *http.Request) {
	id := "node0" + strings.ToLower(rand.Text())
	s.door.mu.Lock()
	s.door.sessions[id] = r.Header.Get("Origin")
	s.door.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: id, Path: "/", HttpOnly: true})
	simkit.WriteJSON(w, http.StatusOK, s.person())
}

func (s *Sim) logout(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(cookieName); err == nil {
		s.door.mu.Lock()
		delete(s.door.sessions, cookie.Value)
		s.door.mu.Unlock()
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Sim) person() map[string]any {
	return map[string]any{
		"id": 1, "attributes": map[string]any{}, "name": "Répartition", "email": s.opts.Email, "administrator": s.opts.Admin,
		"readonly": false, "disabled": false, "deviceLimit": -1, "userLimit": 0,
	}
}

// makeToken makes a token that lives for a week, or until expiration.
func (s *Sim) makeToken(w http.ResponseWriter, r *http.Request) {
	until := s.now().Add(tokenLife)
	if text := r.FormValue("expiration"); text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			refuse(w, http.StatusBadRequest, "java.time.format.DateTimeParseException: Text could not be parsed at index 0")
			return
		}
		until = at
	}
	token := "Rj" + rand.Text()
	s.door.mu.Lock()
	s.door.tokens[token] = until
	s.door.mu.Unlock()
	_, _ = io.WriteString(w, token)
}

func (s *Sim) revokeToken(w http.ResponseWriter, r *http.Request) {
	s.door.mu.Lock()
	delete(s.door.tokens, r.FormValue("token"))
	s.door.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}
