package hub

import (
	"log/slog"

	"github.com/nyaruka/phonenumbers"
)

// Phone is a telephone number in E.164 ("+15145550100"). It prints masked, so
// that a careless log line shows "+1514•••0100"; convert to string to send it.
type Phone string

// ParsePhone reads a number as people type it, Canada by default.
func ParsePhone(text string) (Phone, error) {
	n, err := phonenumbers.Parse(text, "CA")
	if err != nil {
		return "", Fail(Invalid, "phone-invalid", "This is not a telephone number.", err)
	}
	if !phonenumbers.IsPossibleNumber(n) {
		return "", Fail(Invalid, "phone-invalid", "This is not a telephone number.", nil)
	}
	return Phone(phonenumbers.Format(n, phonenumbers.E164)), nil
}

// String returns the masked form.
func (p Phone) String() string {
	if len(p) < 10 {
		return "•••"
	}
	return string(p[:5]) + "•••" + string(p[len(p)-4:])
}

// LogValue masks the number in logs.
func (p Phone) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MaskMail hides the middle of an address: "a•••@example.com".
func MaskMail(address string) string {
	for i, r := range address {
		if r == '@' && i > 0 {
			return address[:1] + "•••" + address[i:]
		}
	}
	return "•••"
}
