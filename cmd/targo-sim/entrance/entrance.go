// Package entrance is the staff's way into the hub from a browser: a reverse proxy
// that, as Traefik's forward-auth does, asks the simulated Authentik about every
// request and passes on who is signed in. Pages, live streams and WebSockets go
// through it. A request that brings an Authorization header of its own is not
// asked about: programs have tokens.
//
// Routes: /outpost.goauthentik.io/ is Authentik's, everything else the hub's. It
// calls those two and remembers nothing.
package entrance

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

// outpost is where Authentik answers on every host that it guards.
const outpost = "/outpost.goauthentik.io/"

// vouched begins the headers that only the proxy may write.
const vouched = "X-Authentik-"

// Options say what stands on either side.
type Options struct {
	Hub, Authentik string       // addresses, without a slash at the end
	Client         *http.Client // asks Authentik; it follows no redirect
}

type door struct {
	authentik string
	client    http.Client
	hub       *httputil.ReverseProxy
	signIn    *httputil.ReverseProxy
}

// New makes the entrance.
func New(o Options) (http.Handler, error) {
	hub, err := url.Parse(o.Hub)
	if err != nil {
		return nil, fmt.Errorf("reading the hub's address: %w", err)
	}
	authentik, err := url.Parse(o.Authentik)
	if err != nil {
		return nil, fmt.Errorf("reading Authentik's address: %w", err)
	}
	d := &door{authentik: o.Authentik, client: *o.Client}
	d.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	d.hub, d.signIn = through(hub, o.Client.Transport), through(authentik, o.Client.Transport)
	return d, nil
}

// through passes requests on as they are, with the host that the browser asked.
func through(to *url.URL, by http.RoundTripper) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		FlushInterval: -1, Transport: by,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.SetXForwarded()
			r.Out.Host = r.In.Host
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, "Le hub ne répond pas. / The hub does not answer.", http.StatusBadGateway)
		},
	}
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name := range r.Header {
		if strings.HasPrefix(name, vouched) {
			delete(r.Header, name)
		}
	}
	switch {
	case strings.HasPrefix(r.URL.Path, outpost):
		d.signIn.ServeHTTP(w, r)
	case r.Header.Get("Authorization") != "":
		d.hub.ServeHTTP(w, r)
	default:
		d.ask(w, r)
	}
}

// ask lets in whom Authentik knows, and sends everybody else where it says.
func (d *door) ask(w http.ResponseWriter, r *http.Request) {
	question, err := http.NewRequestWithContext(r.Context(), http.MethodGet, d.authentik+outpost+"auth/traefik", nil)
	if err != nil {
		http.Error(w, "Authentik ne répond pas.", http.StatusBadGateway)
		return
	}
	question.Header["Cookie"] = r.Header["Cookie"]
	question.Header.Set("X-Forwarded-Proto", "http")
	question.Header.Set("X-Forwarded-Host", r.Host)
	question.Header.Set("X-Forwarded-Uri", r.URL.RequestURI())
	answer, err := d.client.Do(question)
	if err != nil {
		http.Error(w, "Authentik ne répond pas. / Authentik does not answer.", http.StatusBadGateway)
		return
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		// The sign-in is reached on this host, too, by whatever name the browser calls it:
		// there the cookie belongs.
		w.Header().Set("Location", strings.TrimPrefix(answer.Header.Get("Location"), d.authentik))
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(answer.StatusCode)
		return
	}
	for name, values := range answer.Header {
		if strings.HasPrefix(name, vouched) {
			r.Header[name] = values
		}
	}
	d.hub.ServeHTTP(w, r)
}
