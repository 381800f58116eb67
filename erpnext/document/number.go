package document

import (
	"strings"
	"unicode"

	"gigafibre.ca/targo-hub/hub"
)

// PhoneFields are the fields of a Customer that hold a telephone number.
func PhoneFields() []string { return []string{"cell_phone", "mobile_no", "tel_home"} }

// MailFields are the fields of a Customer that hold mail addresses.
func MailFields() []string { return []string{"email_billing", "email_id"} }

// national is how many of the last digits people write of a number at home.
const national = 10

// Spelled is a pattern for "like" that finds a number however people wrote it:
// its digits in order, with whatever stands between them. It finds too much, so
// look again with HasPhone. It is "" for what is too short to be a person's.
func Spelled(number hub.Phone) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, string(number))
	if len(digits) < 7 {
		return ""
	}
	if strings.HasPrefix(string(number), "+1") || len(digits) > national {
		digits = digits[max(0, len(digits)-national):]
	}
	return "%" + strings.Join(strings.Split(digits, ""), "%") + "%"
}

// HasPhone tells whether the number is one of the customer's, in any spelling.
func (c Customer) HasPhone(number hub.Phone) bool {
	for _, text := range []string{c.CellPhone, c.MobileNo, c.TelHome} {
		if holds(text, number) {
			return true
		}
	}
	return false
}

// HasMail tells whether the address is one of the customer's, whatever the case
// of its letters.
func (c Customer) HasMail(address string) bool {
	for _, text := range []string{c.EmailBilling, c.EmailID} {
		for _, part := range strings.FieldsFunc(text, apart) {
			if a := firstMail(part); a != "" && strings.EqualFold(a, address) {
				return true
			}
		}
	}
	return false
}

// holds reads a field in which people write one number, or several, with words
// beside them: "514-555-0100 (bureau) / 450 555 0101 poste 12".
func holds(text string, number hub.Phone) bool {
	if p, err := hub.ParsePhone(text); err == nil && p == number {
		return true
	}
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || strings.ContainsRune("/,;|&:\n", r) }) {
		if p, err := hub.ParsePhone(strings.TrimSpace(part)); err == nil && p == number {
			return true
		}
	}
	return false
}

// apart separates mail addresses.
func apart(r rune) bool { return strings.ContainsRune(",; \t\n", r) }
