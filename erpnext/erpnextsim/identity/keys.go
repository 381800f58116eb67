package identity

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// Authorize reads the Authorization header. One of two parts that leaves the
// caller a Guest ends the request; any other is not looked at.
func (d *Door) Authorize(v *Visit) error {
	parts := strings.Split(v.R.Header.Get("Authorization"), " ")
	if len(parts) != 2 {
		return nil
	}
	if v.Jar == nil && v.S.Profile == profile.V16 { // nobody's session was looked at, which is nobody's
		return exception.Raise("AuthenticationError", "")
	}
	var err error
	switch strings.ToLower(parts[0]) {
	case "bearer":
		err = bearer(v, parts[1])
	case "token":
		err = pair(v, parts[1])
	case "basic":
		plain, ok := decode(parts[1])
		if !ok {
			return exception.Throw("InvalidAuthorizationToken", "Failed to decode token, please provide a valid base64-encoded token.")
		}
		err = pair(v, plain)
	}
	if err != nil {
		return err
	}
	if v.S.User.Name == access.Guest && v.Jar != nil {
		return exception.Raise("AuthenticationError", "")
	}
	return nil
}

// decode reads base64 as Python does: signs that do not belong to it are skipped,
// only a wrong length is an error. Bytes that are no text name nobody.
func decode(token string) (string, bool) {
	var kept strings.Builder
	for i := range len(token) {
		c := token[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/' {
			kept.WriteByte(c)
		}
	}
	digits := kept.Len()
	padding := strings.Count(token, "=")
	if rest := digits % 4; rest == 1 || rest > 0 && padding < 4-rest {
		return "", false
	}
	plain, err := base64.RawStdEncoding.DecodeString(kept.String())
	if err != nil || !utf8.Valid(plain) {
		return "", true
	}
	return string(plain), true
}

// pair looks up key and secret, with the user or with another doctype that has a
// user.
func pair(v *Visit, token string) error {
	parts := strings.Split(token, ":")
	if len(parts) != 2 {
		return nil
	}
	newer := v.S.Profile == profile.V16
	if newer && (parts[0] == "" || parts[1] == "") {
		return exception.Raise("AuthenticationError", "")
	}
	doctype := v.R.Header.Get("Frappe-Authorization-Source")
	if doctype == "" {
		doctype = "User"
	}
	name, err := owner(v.S, doctype, parts[0])
	if err != nil {
		return err
	}
	secret := ""
	if name != "" {
		if secret, err = v.S.Tx.Secret(doctype, name, "api_secret"); err != nil {
			return err
		}
	}
	if name == "" || secret != parts[1] || secret == "" {
		return exception.Raise("AuthenticationError", "")
	}
	if doctype != "User" {
		user, err := v.S.Value(doctype, name, "user")
		if err != nil {
			return err
		}
		name = meta.Text(user)
	}
	return act(v, name)
}

// owner finds the document that holds a key, "" when there is none, or no such
// doctype. The newer release passes over those that are switched off.
func owner(s *document.Session, doctype, key string) (string, error) {
	d := s.Set.Get(doctype)
	if d == nil && s.Profile == profile.V16 {
		return "", document.Closed(access.Guest, s.Set.Get("DocType"))
	}
	if d == nil || d.Single {
		return "", nil
	}
	columns := []string{"api_key"}
	condition := " WHERE api_key = ?"
	if s.Profile == profile.V16 {
		columns = append(columns, "enabled")
		condition += " AND enabled = 1"
	}
	for _, column := range columns {
		if !d.Has(column) {
			return "", exception.Raise("OperationalError", `(1054, "Unknown column '%s' in 'WHERE'")`, column)
		}
	}
	rows, err := s.Tx.Known(doctype, "SELECT name FROM "+store.Table(doctype)+condition, key)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return meta.Text(rows[0]["name"]), nil
}

// act lets a request work for a user, unless it belongs to a session.
func act(v *Visit, name string) error {
	if v.Login != nil {
		return nil
	}
	user, err := userOf(v.S, name)
	if fault := exception.Fault(err); fault != nil {
		return fault
	}
	if err != nil {
		return exception.Raise("AuthenticationError", "")
	}
	become(v.S, user)
	return nil
}

// bearer looks up an OAuth token: a live one whose client has its scopes.
func bearer(v *Visit, token string) error {
	s := v.S
	doc, err := s.Load("OAuth Bearer Token", token)
	if err != nil || doc.Text("status") == "Revoked" {
		return exception.Fault(err)
	}
	expires, err := s.Value("OAuth Bearer Token", token, "expiration_time")
	if err != nil {
		return err
	}
	if meta.Text(expires) <= s.Now() {
		return nil
	}
	scopes, err := s.Value("OAuth Client", doc.Text("client"), "scopes")
	if err != nil {
		return err
	}
	granted := " " + meta.Text(scopes) + " "
	for _, scope := range strings.Fields(doc.Text("scopes")) {
		if !strings.Contains(granted, " "+scope+" ") {
			return nil
		}
	}
	return act(v, doc.Text("user"))
}
