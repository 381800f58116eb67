package hub

import (
	"log/slog"
	"net/mail"
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/net/idna"
)

// Phone is a telephone number in E.164 ("+15145550100"). It prints masked, so
// that a careless log line shows "+1514•••0100"; convert to string to send it.
type Phone string

// ParsePhone reads a number as people type it, Canada by default. One that can
// only be dialled from next door, without its area code, is none.
func ParsePhone(text string) (Phone, error) {
	if p, plain := plainPhone(text); plain {
		return p, nil
	}
	n, err := phonenumbers.Parse(text, "CA")
	if err != nil {
		return "", Fail(Invalid, "phone-invalid", "This is not a telephone number.", err)
	}
	if phonenumbers.IsPossibleNumberWithReason(n) != phonenumbers.IS_POSSIBLE {
		return "", Fail(Invalid, "phone-invalid", "This is not a telephone number.", nil)
	}
	return Phone(phonenumbers.Format(n, phonenumbers.E164)), nil
}

// plainPhone reads the ways in which nearly all numbers are written, "4505550100",
// "+14505550100" and "450-555-0100" or "450 555-0100": a board has hundreds of them,
// and the general way takes long.
func plainPhone(text string) (Phone, bool) {
	text = strings.TrimPrefix(text, "+1")
	if len(text) == 12 && strings.IndexByte("- ", text[3]) >= 0 && strings.IndexByte("- ", text[7]) >= 0 {
		text = text[:3] + text[4:7] + text[8:]
	}
	if len(text) != 10 || text[0] < '2' {
		return "", false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return "", false
		}
	}
	return Phone("+1" + text), true
}

// String returns the masked form.
func (p Phone) String() string {
	if len(p) < 10 {
		return "•••"
	}
	return string(p[:5]) + "•••" + string(p[len(p)-4:])
}

// Local is the number as people here read it, whole: "514 555-0100". One from
// elsewhere keeps its E.164 form.
func (p Phone) Local() string {
	digits, here := strings.CutPrefix(string(p), "+1")
	if !here || len(digits) != 10 {
		return string(p)
	}
	return digits[:3] + " " + digits[3:6] + "-" + digits[6:]
}

// LogValue masks the number in logs.
func (p Phone) LogValue() slog.Value { return slog.StringValue(p.String()) }

// ParseMail reads a mail address, alone or behind a name, and gives its one
// spelling: bare, its domain in lower-case ASCII (IDNA). What only quotes make an
// address is refused: without them it would read as another one, or as two.
func ParseMail(text string) (string, error) {
	parsed, err := mail.ParseAddress(strings.TrimSpace(text))
	if err != nil {
		return "", mailInvalid(err)
	}
	at := strings.LastIndexByte(parsed.Address, '@')
	local := parsed.Address[:at]
	domain, err := ParseDomain(parsed.Address[at+1:])
	if err != nil || len(local) > 64 || !dotAtom.MatchString(local) {
		return "", mailInvalid(err)
	}
	return local + "@" + domain, nil
}

// ParseDomain reads the name of a host and gives its one spelling, in lower-case
// ASCII. Letters beyond ASCII are taken as they stand: one that would have to be
// turned into another first is refused, for it may only look like it.
func ParseDomain(text string) (string, error) {
	lower := strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, text)
	domain, err := idna.Registration.ToASCII(lower)
	if err != nil || len(domain) > 253 || !hostName.MatchString(domain) {
		return "", mailInvalid(err)
	}
	return domain, nil
}

var (
	dotAtom  = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")
	hostName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)
)

func mailInvalid(cause error) error {
	return Fail(Invalid, "invalid", "This is not a mail address.", cause)
}

// MaskMail hides the middle of an address: "a•••@example.com".
func MaskMail(address string) string {
	for i, r := range address {
		if r == '@' && i > 0 {
			return address[:1] + "•••" + address[i:]
		}
	}
	return "•••"
}
