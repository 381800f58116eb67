package identity

import (
	"crypto/rand"
	"encoding/hex"
	"maps"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// login begins a session by name and password.
func (d *Door) login(v *Visit) error {
	name, secret := strings.TrimSpace(meta.Text(v.Args["usr"])), meta.Text(v.Args["pwd"])
	if name == "" || secret == "" {
		return refuse(v, "Incomplete login details")
	}
	if len(secret) > 512 {
		return refuse(v, "Password size exceeded the maximum allowed size")
	}
	user, err := find(v.S, name)
	if err != nil {
		return err
	}
	keys := []string{Address(v.R)}
	if user != nil {
		keys = append(keys, user.Name())
	}
	if err := d.locked(v.S, keys); err != nil {
		return err
	}
	right, err := hasPassword(v.S, user, secret)
	switch {
	case err != nil:
		return err
	case !right:
		d.failed(v.S, keys)
		return refuse(v, "Invalid login credentials")
	case user.Name() != access.Administrator && user.Int("enabled") == 0:
		d.failed(v.S, keys)
		return refuse(v, "User disabled or missing")
	}
	d.succeeded(keys)
	delete(v.Args, "pwd")
	if err := checkAddress(v, user); err != nil {
		return err
	}
	if err := checkHour(v.S, user); err != nil {
		return err
	}
	return d.begin(v, user)
}

// begin writes a new session down.
func (d *Door) begin(v *Visit, user *document.Doc) error {
	v.Login = &store.Login{SID: newID(), User: user.Name(), IP: Address(v.R), Updated: v.S.Clock().UTC().Format(moment)}
	v.Keep = true
	if err := v.S.Tx.SetLogin(*v.Login); err != nil {
		return err
	}
	if err := note(v.S, user.Name(), store.Row{"last_login": v.S.Now(), "last_active": v.S.Now(), "last_ip": v.Login.IP}); err != nil {
		return err
	}
	become(v.S, user)
	v.present(user.Name())
	v.greet(user)
	return nil
}

// note writes about a user what his doctype has a place for.
func note(s *document.Session, user string, values store.Row) error {
	d := s.Set.Get("User")
	maps.DeleteFunc(values, func(column string, _ any) bool { return !d.Has(column) })
	return s.SetValue("User", user, values, false)
}

// greet says where the user goes next.
func (v *Visit) greet(user *document.Doc) {
	message, home := "No App", "/me"
	switch {
	case user.Name() == access.Guest:
		home = "/login"
	case user.Text("user_type") == "System User" && v.S.Profile == profile.V16:
		message, home = "Logged In", "/desk"
	case user.Text("user_type") == "System User":
		message, home = "Logged In", "/app"
	}
	v.Out.Set("message", message)
	v.Out.Set("home_page", home)
	v.Out.Set("full_name", fullName(user))
}

// Logout ends the session; whoever asked goes on as Guest.
func (d *Door) Logout(v *Visit) error {
	v.Keep = true
	if v.Login != nil {
		if err := v.S.Tx.EndLogin(v.Login.SID); err != nil {
			return err
		}
		v.Login = nil
	}
	v.Jar.Clear()
	guest, err := v.S.Load("User", access.Guest)
	if err != nil {
		return err
	}
	become(v.S, guest)
	v.present(access.Guest)
	v.greet(guest)
	return nil
}

// refuse is a failed login: the reason stands in the answer.
func refuse(v *Visit, message string) error {
	v.Out.Set("message", message)
	return exception.Raise("AuthenticationError", "")
}

// find looks a user up by name, and where the site allows it by phone or nickname.
func find(s *document.Session, name string) (*document.Doc, error) {
	columns := []string{"name"}
	if Setting(s, "allow_login_using_mobile_number", "0") == "1" {
		columns = append(columns, "mobile_no")
	}
	if Setting(s, "allow_login_using_user_name", "0") == "1" {
		columns = append(columns, "username")
	}
	for _, column := range columns {
		found, err := s.Tx.Value("SELECT name FROM tabUser WHERE "+store.Quote(column)+" = ?", name)
		if err != nil {
			return nil, err
		}
		if found != nil {
			return s.Load("User", meta.Text(found))
		}
	}
	return nil, nil
}

func hasPassword(s *document.Session, user *document.Doc, given string) (bool, error) {
	if user == nil {
		return false, nil
	}
	for _, field := range []string{"password", "new_password"} {
		secret, err := s.Tx.Secret("User", user.Name(), field)
		if err != nil {
			return false, err
		}
		if secret != "" {
			return secret == given, nil
		}
	}
	return false, nil
}

// newID is a fresh key of 56 digits.
func newID() string {
	b := make([]byte, 28)
	_, _ = rand.Read(b) // never fails, by the package's contract
	return hex.EncodeToString(b)
}
