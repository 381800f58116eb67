// Package identity finds out who asks the ERPNext simulator: password sessions,
// which are kept in the database, API keys, and OAuth tokens, with the cookies and
// the CSRF check that belong to them. What it remembers beside the database is
// failed logins, and which sessions were written down lately.
package identity

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/settings"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Door lets callers in.
type Door struct {
	mu       sync.Mutex
	failures map[string]failure   // by user or address
	written  map[string]time.Time // when a session was last written down
}

// New makes a door.
func New() *Door { return &Door{failures: map[string]failure{}, written: map[string]time.Time{}} }

// Visit is one request at the door.
type Visit struct {
	R       *http.Request
	Args    map[string]any
	S       *document.Session // whose user is set
	Config  *settings.Site
	Jar     *Jar        // nil until the session was looked at
	Out     wire.Object // members of the answer
	Expired bool        // the caller came with a session that is over
	Keep    bool        // what was written is kept, whatever the verb
	Login   *store.Login

	entered bool
}

// LogsIn tells whether a request is a password login.
func LogsIn(path string, args map[string]any) bool {
	return path == "/api/method/login" || meta.Text(args["cmd"]) == "login"
}

// Enter begins a session or continues one, then checks the CSRF token.
func (d *Door) Enter(v *Visit) error {
	v.Jar = &Jar{r: v.R, newer: v.S.Profile == profile.V16}
	var err error
	if LogsIn(v.R.URL.Path, v.Args) {
		err = d.login(v)
	} else {
		err = d.resume(v)
	}
	if err != nil {
		return err
	}
	v.entered = true
	return checkToken(v)
}

// sid is the session that the caller names: a parameter, or else a cookie.
func (v *Visit) sid() string {
	if sid := meta.Text(v.Args["sid"]); sid != "" {
		return sid
	}
	if cookie, err := v.R.Cookie("sid"); err == nil {
		if sid, err := url.PathUnescape(cookie.Value); err == nil {
			return sid
		}
	}
	return access.Guest
}

// resume continues a session; one that is unknown or over leaves a Guest.
func (d *Door) resume(v *Visit) error {
	sid := v.sid()
	if sid != access.Guest && sid != "" {
		login, err := v.S.Tx.Login(sid)
		if err != nil {
			return err
		}
		if login != nil && login.Updated > v.S.Clock().Add(-expiry(v.S)).UTC().Format(moment) {
			v.Login = login
		} else {
			v.Expired = true
			v.Out.Set("session_expired", 1)
			v.Jar.Clear()
		}
	}
	if v.Login == nil {
		v.present(access.Guest)
		return nil
	}
	user, err := userOf(v.S, v.Login.User)
	if fault := exception.Fault(err); fault != nil {
		return fault
	}
	if err != nil {
		v.Login = nil
		v.present(access.Guest)
		return nil
	}
	if user.Int("enabled") == 0 {
		return exception.Invalid("User %s is disabled. Please contact your System Manager.", user.Name())
	}
	if err := checkAddress(v, user); err != nil {
		return err
	}
	become(v.S, user)
	v.present(user.Name())
	return nil
}

// moment is how the time of a session is written down: in UTC, so that the texts
// sort by time.
const moment = paper.Datetime

// expiry is how long an idle session lasts.
func expiry(s *document.Session) time.Duration {
	parts := strings.Split(Setting(s, "session_expiry", "170:00")+":0:0", ":")
	n := func(i int) time.Duration { v, _ := strconv.Atoi(parts[i]); return time.Duration(v) }
	return n(0)*time.Hour + n(1)*time.Minute + n(2)*time.Second
}

// Setting is a value of System Settings, or otherwise where nothing was saved.
func Setting(s *document.Session, field, otherwise string) string {
	if s.Tx == nil {
		return otherwise
	}
	value, err := s.Tx.SingleValue("System Settings", field)
	if text := meta.Text(value); err == nil && text != "" {
		return text
	}
	return otherwise
}

// present tells the caller by cookies whose session it is. Whom a key names plays
// no part.
func (v *Visit) present(name string) {
	sid, full, image, desk := access.Guest, access.Guest, "", "no"
	if v.Login != nil {
		sid = v.Login.SID
		if user, err := userOf(v.S, name); err == nil {
			full, image = fullName(user), user.Text("user_image")
			if user.Text("user_type") == "System User" {
				desk = "yes"
			}
		}
	}
	v.Jar.replace(cookie{name: "sid", value: sid, age: int(expiry(v.S).Seconds())})
	v.Jar.put("system_user", desk)
	v.Jar.put("full_name", full)
	v.Jar.put("user_id", name)
	v.Jar.put("user_image", image)
	if v.S.Profile == profile.V16 {
		v.Jar.put("user_lang", Setting(v.S, "language", "en"))
	}
}

func fullName(user *document.Doc) string {
	return strings.TrimSpace(user.Text("first_name") + " " + user.Text("last_name"))
}

// userOf is a stored user, recalled as long as none changes, so that nobody may
// change the document.
func userOf(s *document.Session, name string) (*document.Doc, error) {
	tables := []string{"User"}
	for _, f := range s.Set.Get("User").Tables() {
		tables = append(tables, f.Options)
	}
	v, err := s.Tx.Recall("user "+name, tables, func() (any, error) { return s.Load("User", name) })
	user, _ := v.(*document.Doc)
	return user, err
}

// become makes the session work for a user, with his roles.
func become(s *document.Session, user *document.Doc) {
	var roles []string
	for _, row := range user.Rows("roles") {
		roles = append(roles, row.Text("role"))
	}
	denied := s.User.Denied
	s.User = access.With(user.Name(), roles, user.Text("user_type") == "System User")
	s.User.Denied = denied
}
