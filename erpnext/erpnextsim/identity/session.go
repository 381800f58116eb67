package identity

import (
	"net/http"
	"net/url"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// checkToken refuses a change by a session whose pages hold a token that the
// request does not show.
func checkToken(v *Visit) error {
	switch v.R.Method {
	case http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch:
	default:
		return nil
	}
	if v.Login == nil || v.Login.CSRF == "" || v.Config.IgnoreCSRF || v.S.Profile == profile.V16 && referred(v) {
		return nil
	}
	shown := v.R.Header.Get("X-Frappe-CSRF-Token")
	if shown == "" {
		shown = meta.Text(v.Args["csrf_token"])
		delete(v.Args, "csrf_token")
	}
	if shown == v.Login.CSRF {
		return nil
	}
	e := exception.Throw("CSRFTokenError", "Invalid Request")
	e.NoTrace = true
	return e
}

// referred tells whether the request comes from a page that is trusted.
func referred(v *Visit) bool {
	host := func(text string) string {
		u, err := url.Parse(text)
		if err != nil {
			return ""
		}
		return u.Host
	}
	for _, allowed := range v.Config.AllowedReferrers {
		referer := v.R.Header.Get("Referer")
		if referer != "" && host(referer) == host(allowed) || v.R.Header.Get("Origin") == allowed {
			return true
		}
	}
	return false
}

// Token is the token that pages of this session hold; it is made when it is first
// needed, and the visit is then kept.
func (v *Visit) Token() (string, error) {
	if v.Login == nil {
		return "None", nil
	}
	if v.Login.CSRF != "" {
		return v.Login.CSRF, nil
	}
	v.Login.CSRF, v.Keep = newID(), true
	return v.Login.CSRF, v.S.Tx.SetLogin(*v.Login)
}

// Overdue is the session, or "Guest" for a key's user, that should be written down
// as used now: at most one time in ten minutes. "" is none.
func (d *Door) Overdue(v *Visit) string {
	if v.S.User.Name == access.Guest || !v.entered {
		return ""
	}
	sid, now := access.Guest, v.S.Clock()
	if v.Login != nil {
		sid = v.Login.SID
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if last, ok := d.written[sid]; ok && now.Sub(last) <= 10*time.Minute {
		return ""
	}
	d.written[sid] = now
	return sid
}

// Used writes down that a session, or a key's user, was seen.
func (d *Door) Used(s *document.Session, sid, user string) error {
	if sid != access.Guest {
		login, err := s.Tx.Login(sid)
		if err != nil || login == nil {
			return err
		}
		login.Updated = s.Clock().UTC().Format(moment)
		if err := s.Tx.SetLogin(*login); err != nil {
			return err
		}
	}
	return note(s, user, store.Row{"last_active": s.Now()})
}

// Cleared forgets the session's cookies when the visit failed as a stranger's.
func (v *Visit) Cleared(e *exception.Error) {
	if e.Class == "AuthenticationError" && v.entered {
		v.Jar.Clear()
	}
}
