package identity

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// failure counts failed logins in a row.
type failure struct {
	since time.Time
	count int
}

// locked refuses whoever failed too often.
func (d *Door) locked(s *document.Session, keys []string) error {
	most, _ := strconv.Atoi(Setting(s, "allow_consecutive_login_attempts", "10"))
	seconds, _ := strconv.Atoi(Setting(s, "allow_login_after_fail", "60"))
	if most == 0 {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, key := range keys {
		f := d.failures[key]
		if f.count > most && s.Clock().Before(f.since.Add(time.Duration(seconds)*time.Second)) {
			return exception.Throw("SecurityException", "Your account has been locked and will resume after %d seconds", seconds)
		}
	}
	return nil
}

func (d *Door) failed(s *document.Session, keys []string) {
	seconds, _ := strconv.Atoi(Setting(s, "allow_login_after_fail", "60"))
	now := s.Clock()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, key := range keys {
		f := d.failures[key]
		if f.count == 0 || !now.Before(f.since.Add(time.Duration(seconds)*time.Second)) {
			f = failure{since: now}
		}
		f.count++
		d.failures[key] = f
	}
}

func (d *Door) succeeded(keys []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, key := range keys {
		delete(d.failures, key)
	}
}

// checkAddress refuses users who may come from some addresses only.
func checkAddress(v *Visit, user *document.Doc) error {
	list := strings.FieldsFunc(user.Text("restrict_ip"), func(r rune) bool { return strings.ContainsRune(",\n ", r) })
	if len(list) == 0 {
		return nil
	}
	address := Address(v.R)
	for _, prefix := range list {
		if strings.HasPrefix(address, prefix) {
			return nil
		}
	}
	text := "Access not allowed from this IP Address"
	if v.S.Profile == profile.V16 {
		text += ": " + address
	}
	return exception.Throw("AuthenticationError", "%s", text)
}

// checkHour refuses users outside of their hours.
func checkHour(s *document.Session, user *document.Doc) error {
	before, after, hour := user.Int("login_before"), user.Int("login_after"), int64(s.Clock().Hour())
	if before != 0 && hour >= before || after != 0 && hour < after {
		return exception.Throw("AuthenticationError", "Login not allowed at this time")
	}
	return nil
}

// Address is where a request comes from.
func Address(r *http.Request) string {
	if forwarded, _, _ := strings.Cut(r.Header.Get("X-Forwarded-For"), ","); strings.TrimSpace(forwarded) != "" {
		return strings.TrimSpace(forwarded)
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return "127.0.0.1"
	}
	return host
}
