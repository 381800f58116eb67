package authentiksim

import (
	"crypto/rand"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"gigafibre.ca/targo-hub/simkit"
)

const (
	outpost = "/outpost.goauthentik.io/"
	cookie  = "authentik_proxy_5d0c2b1e"
)

func (s *Sim) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /application/o/{slug}/jwks/", s.ours(s.showKeys))
	mux.HandleFunc("GET /application/o/{slug}/.well-known/openid-configuration", s.ours(s.describe))
	mux.HandleFunc("GET /application/o/{slug}/end-session/", s.ours(s.signOut))
	mux.HandleFunc("GET "+outpost+"auth/traefik", s.authorize)
	mux.HandleFunc("GET "+outpost+"start", s.start)
	mux.HandleFunc("GET "+outpost+"sign_out", s.signOut)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { page(w, r, http.StatusNotFound) })
	return mux
}

// ours answers for the one application that there is.
func (s *Sim) ours(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("slug") != s.opts.Slug {
			page(w, r, http.StatusNotFound)
			return
		}
		h(w, r)
	}
}

func (s *Sim) showKeys(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	list := s.key.list(s.opts.Encrypts)
	s.mu.Unlock()
	w.Header().Set("Access-Control-Allow-Origin", "*")
	simkit.WriteJSON(w, http.StatusOK, list)
}

func (s *Sim) describe(w http.ResponseWriter, _ *http.Request) {
	issuer := s.Issuer()
	s.mu.Lock()
	alg := s.key.alg
	s.mu.Unlock()
	simkit.WriteJSON(w, http.StatusOK, map[string]any{
		"issuer": issuer, "jwks_uri": s.JWKSURL(), "end_session_endpoint": issuer + "end-session/",
		"id_token_signing_alg_values_supported": []string{alg}, "subject_types_supported": []string{"public"},
	})
}

// authorize is what the proxy asks about every request. Who is not signed in is
// sent to the sign-in, programs as well.
func (s *Sim) authorize(w http.ResponseWriter, r *http.Request) {
	var login Login
	signedIn := false
	if c, err := r.Cookie(cookie); err == nil {
		s.mu.Lock()
		login, signedIn = s.sessions[c.Value]
		s.mu.Unlock()
	}
	if !signedIn {
		asked := r.Header.Get("X-Forwarded-Proto") + "://" + r.Header.Get("X-Forwarded-Host") + r.Header.Get("X-Forwarded-Uri")
		http.Redirect(w, r, s.at(outpost+"start?rd="+url.QueryEscape(asked)), http.StatusFound)
		return
	}
	headers, err := s.Headers(login)
	if err != nil {
		page(w, r, http.StatusInternalServerError)
		return
	}
	for name, values := range headers {
		w.Header()[name] = values
	}
	w.WriteHeader(http.StatusOK)
}

// start is the sign-in: no form, the visitor is known. Back it goes to the same host
// only, on whatever port.
func (s *Sim) start(w http.ResponseWriter, r *http.Request) {
	back, err := url.Parse(r.URL.Query().Get("rd"))
	here := url.URL{Host: r.Host}
	switch {
	case s.opts.Visitor == nil:
		page(w, r, http.StatusNotFound)
		return
	case err != nil || back.Scheme != "http" && back.Scheme != "https" || back.Hostname() != here.Hostname():
		page(w, r, http.StatusBadRequest)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: s.signIn(*s.opts.Visitor), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// signIn begins a session and returns its cookie.
func (s *Sim) signIn(l Login) string {
	session := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[session] = l
	return session
}

func (s *Sim) signOut(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookie); err == nil {
		s.mu.Lock()
		delete(s.sessions, c.Value)
		s.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Path: "/", MaxAge: -1})
	http.Redirect(w, r, s.at("/if/flow/default-invalidation-flow/"), http.StatusFound)
}

// simLogin lets somebody sign in: {token, cookie, headers}.
func (s *Sim) simLogin(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Login
		TTL int `json:"ttl_s"`
	}
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	in.Life = time.Duration(in.TTL) * time.Second
	headers, err := s.Headers(in.Login)
	if err != nil {
		simkit.WriteJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	session := s.signIn(in.Login)
	shown := map[string]string{}
	for name := range headers {
		shown[name] = headers.Get(name)
	}
	simkit.WriteJSON(w, http.StatusOK, map[string]any{"token": headers.Get("X-authentik-jwt"), "cookie": cookie + "=" + session, "headers": shown})
}

// simRotate takes another signing key: {alg}.
func (s *Sim) simRotate(w http.ResponseWriter, r *http.Request) {
	in := struct {
		Alg string `json:"alg"`
	}{"RS256"}
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	if err := s.Rotate(in.Alg); err != nil {
		simkit.WriteJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	simkit.WriteJSON(w, http.StatusOK, s.state())
}

// page is how Authentik shows what went wrong.
func page(w http.ResponseWriter, _ *http.Request, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	text := html.EscapeString(strconv.Itoa(status) + " " + http.StatusText(status))
	_, _ = w.Write([]byte("<!doctype html><html><head><title>authentik</title></head><body><h1>" + text + "</h1></body></html>"))
}
