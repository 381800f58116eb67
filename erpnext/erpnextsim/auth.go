package erpnextsim

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// authenticate sets the session's user: first the sid, then the Authorization
// header. A header of two parts that names nobody ends the request.
func (c *call) authenticate() error {
	if err := c.resume(); err != nil {
		return err
	}
	parts := strings.Split(c.r.Header.Get("Authorization"), " ")
	if len(parts) != 2 {
		return nil
	}
	if err := c.keys(parts[0], parts[1]); err != nil {
		return err
	}
	if c.ses.User.Name == access.Guest {
		return exception.Raise("AuthenticationError", "")
	}
	return nil
}

// resume continues a session that a login began.
func (c *call) resume() error {
	sid := meta.Text(c.args["sid"])
	if sid == "" {
		if cookie, err := c.r.Cookie("sid"); err == nil {
			sid, _ = url.QueryUnescape(cookie.Value)
		}
	}
	if sid == "" || sid == access.Guest {
		return nil
	}
	c.site.mu.Lock()
	user, ok := c.site.sessions[sid]
	c.site.mu.Unlock()
	if !ok {
		c.expired = true
		return nil
	}
	c.sid = sid
	return c.become(user)
}

func (c *call) keys(scheme, token string) error {
	switch strings.ToLower(scheme) {
	case "basic":
		plain, err := base64.StdEncoding.DecodeString(token)
		if err != nil {
			return exception.Throw("InvalidAuthorizationToken", "Failed to decode token, please provide a valid base64-encoded token.")
		}
		token = string(plain)
	case "token":
	default:
		return nil
	}
	pair := strings.Split(token, ":")
	if len(pair) != 2 {
		return nil
	}
	row, err := c.ses.Tx.Rows(`SELECT name, enabled FROM tabUser WHERE api_key = ?`, pair[0])
	if err != nil {
		return err
	}
	if len(row) == 0 {
		return exception.Raise("AuthenticationError", "")
	}
	name := meta.Text(row[0]["name"])
	secret, err := c.ses.Tx.Secret("User", name, "api_secret")
	if err != nil {
		return err
	}
	off := meta.Int(row[0]["enabled"]) == 0 && c.site.opts.Profile == profile.V16
	if secret == "" || secret != pair[1] || off {
		return exception.Raise("AuthenticationError", "")
	}
	return c.become(name)
}

// become loads a user with his roles.
func (c *call) become(name string) error {
	doc, err := c.ses.Load("User", name)
	if err != nil {
		return exception.Raise("AuthenticationError", "")
	}
	var roles []string
	for _, row := range doc.Rows("roles") {
		roles = append(roles, row.Text("role"))
	}
	denied := c.ses.User.Denied
	c.ses.User = access.With(name, roles, doc.Text("user_type") == "System User")
	c.ses.User.Denied = denied
	return nil
}

// login answers a password login. A password is a user's API secret unless it
// was changed.
func (c *call) login() (reply, error) {
	name := strings.TrimSpace(meta.Text(c.args["usr"]))
	secret, err := c.ses.Tx.Secret("User", name, "password")
	if err != nil {
		return reply{}, err
	}
	if secret == "" || secret != meta.Text(c.args["pwd"]) {
		e := exception.Raise("AuthenticationError", "")
		e.Response = map[string]any{"message": "Invalid login credentials"}
		return reply{}, e
	}
	if err := c.become(name); err != nil {
		return reply{}, err
	}
	b := make([]byte, 28)
	_, _ = rand.Read(b) // never fails, by the package's contract
	c.sid = hex.EncodeToString(b)
	c.site.mu.Lock()
	c.site.sessions[c.sid] = name
	c.site.mu.Unlock()
	full, err := c.ses.Value("User", name, "full_name")
	message, home := "Logged In", "/app"
	if !c.ses.User.Desk {
		message, home = "No App", "/me"
	}
	c.ses.Put("home_page", home)
	c.ses.Put("full_name", full)
	return reply{member: "message", value: message}, err
}

func (c *call) logout() (reply, error) {
	if c.r.Method == http.MethodGet && c.site.opts.Profile == profile.V16 {
		if c.version == 2 {
			return reply{}, wrongVerb("POST, OPTIONS")
		}
		return reply{}, exception.Raise("PermissionError", "Not permitted")
	}
	c.site.mu.Lock()
	delete(c.site.sessions, c.sid)
	c.site.mu.Unlock()
	c.sid = ""
	c.ses.User = access.With(access.Guest, nil, false)
	return reply{}, nil
}

// setCookies tells the caller who the session is; key pairs stay on Guest's.
func (c *call) setCookies(w http.ResponseWriter) {
	sid, user, desk := access.Guest, access.Guest, "no"
	if c.sid != "" {
		sid, user = c.sid, c.ses.User.Name
	}
	if c.ses.User.Desk {
		desk = "yes"
	}
	http.SetCookie(w, &http.Cookie{Name: "sid", Value: sid, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	for _, p := range [][2]string{{"system_user", desk}, {"full_name", user}, {"user_id", user}, {"user_image", ""}} {
		http.SetCookie(w, &http.Cookie{Name: p[0], Value: url.QueryEscape(p[1]), Path: "/", SameSite: http.SameSiteLaxMode})
	}
}
