package checks

import (
	"html"
	"net/mail"
	"net/url"
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

var (
	phonePattern  = regexp.MustCompile(`^[0-9 +_\-,.*#()]{1,20}$`)
	personPattern = regexp.MustCompile(`^[\pL\pN_][\pL\pN_'\-]*( [\pL\pN_][\pL\pN_'\-]*)*$`)
	mailPattern   = regexp.MustCompile(`(?i)^[a-z0-9!#$%&'*+/=?^_` + "`" + `{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_` + "`" + `{|}~-]+)*@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
)

// phones checks fields of type Phone, which carry a country code.
func phones(d *paper.Doc, _ profile.Profile) error {
	for _, f := range d.Type.Stored() {
		text := d.Text(f.Name)
		if f.Type != "Phone" || text == "" {
			continue
		}
		number, err := phonenumbers.Parse(text, "")
		switch {
		case err == phonenumbers.ErrInvalidCountryCode:
			return exception.Titled("InvalidPhoneNumberError", "Country Code Required", "Please select a country code for field <strong>%s</strong>.", f.Name)
		case err != nil || !phonenumbers.IsValidNumber(number):
			return exception.Titled("InvalidPhoneNumberError", "Invalid Phone Number",
				"Phone Number <strong>%s</strong> set in field <strong>%s</strong> is not valid.", text, f.Name)
		}
	}
	return nil
}

// formats checks Data fields that say what they hold.
func formats(d *paper.Doc, release profile.Profile) error {
	for _, f := range d.Type.Stored() {
		text := d.Text(f.Name)
		if f.Type != "Data" || text == "" {
			continue
		}
		var err error
		switch f.Options {
		case "Email":
			err = addresses(d, text, release)
		case "Name":
			if name := strings.TrimSpace(text); !personPattern.MatchString(name) {
				err = exception.Throw("InvalidNameError", "%s is not a valid Name", name)
			}
		case "Phone":
			if number := strings.TrimSpace(text); !phonePattern.MatchString(number) {
				err = exception.Throw("InvalidPhoneNumberError", "%s is not a valid Phone Number", number)
			}
		case "URL":
			if !isURL(text, release) {
				err = exception.Invalid("'<strong>%s</strong>' is not a valid URL", text)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func isURL(text string, release profile.Profile) bool {
	if strings.HasPrefix(text, "/") {
		return true
	}
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	if release == profile.V15 {
		return u.Host != ""
	}
	return u.Scheme != "" && (u.Host != "" || u.Path != "" || u.Opaque != "")
}

func addresses(d *paper.Doc, text string, release profile.Profile) error {
	if access.Standard(text) && access.Standard(d.Text("owner")) {
		return nil
	}
	for one := range strings.SplitSeq(strings.ReplaceAll(text, "\n", ","), ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		if bare, ok := bareAddress(one, release); !ok {
			return exception.Throw("InvalidEmailAddressError", "%s is not a valid Email Address", html.EscapeString(bare))
		}
	}
	return nil
}

// bareAddress takes the name away from an address; a bad one is returned as the
// release shows it.
func bareAddress(text string, release profile.Profile) (string, bool) {
	bare := text
	if a, err := mail.ParseAddress(text); err == nil {
		bare = a.Address
	}
	if mailPattern.MatchString(bare) {
		return bare, true
	}
	if release == profile.V15 {
		return text, false
	}
	return bare, false
}

// ratings keeps ratings between nothing and full.
func ratings(d *paper.Doc) {
	for _, f := range d.Type.Stored() {
		if f.Type == "Rating" {
			switch v := d.Float(f.Name); {
			case v <= 0:
				d.Values[f.Name] = int64(0)
			case v > 1:
				d.Values[f.Name] = int64(1)
			default:
				d.Values[f.Name] = v
			}
		}
	}
}
