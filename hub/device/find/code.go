package find

import (
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/ident"
)

// Code is what somebody scanned or typed, in the forms in which devices are
// compared.
type Code struct {
	ident.Reading
	Given string   // as it came, without blanks around it
	keys  []string // capital letters and digits only; equal keys, same device
}

// The limits of a code: less says nothing, more is no label.
const (
	shortest = 4
	telling  = 6 // fewer characters, in this order, are in too many other codes
	longest  = 80
)

// Read takes a code in; it refuses what can name no device.
func Read(text string) (Code, error) {
	c := Code{Reading: ident.Read(text), Given: strings.TrimSpace(text)}
	if len(text) <= longest {
		c.keys = keys(text)
	}
	if len(c.keys) == 0 || len(c.keys[0]) < shortest {
		return c, hub.Fail(hub.Invalid, "invalid", "This is no code of a device.", nil,
			hub.WithField("/code", "give a serial number, a barcode or a MAC address"))
	}
	return c, nil
}

// Key is what is remembered of a device under this code.
func (c Code) Key() string { return c.keys[0] }

// foreign tells that the code is that of a web page or a wireless network: it
// stands on labels too, and names no device.
func (c Code) foreign() bool {
	return slices.Contains(c.Issues, ident.IssueWifi) || slices.Contains(c.Issues, ident.IssueLink)
}

// Is tells whether a value of ERPNext, in whatever notation, is this code.
func (c Code) Is(value string) bool {
	if value == "" {
		return false
	}
	return slices.ContainsFunc(keys(value), func(key string) bool { return slices.Contains(c.keys, key) })
}

// keys are the forms in which a text is compared: as it is written, and as what it
// is read as. The number of an ONU has a short and a long form, a MAC may have
// letters that were meant as digits.
func keys(text string) []string {
	read := ident.Read(text)
	all := []string{}
	for _, form := range []string{read.Key(), ident.Clean(text)} {
		if form = bare(form); form != "" && !slices.Contains(all, form) {
			all = append(all, form)
		}
	}
	return all
}

func bare(text string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, text)
}

// notations are the ways in which the code is usually written down.
func (c Code) notations() []string {
	all := []string{c.Given, c.Normalized}
	for _, key := range c.keys {
		all = append(all, key)
		if len(key) == 12 { // perhaps a MAC, perhaps the number of an ONU
			all = append(all, split(key, 2, ":"), split(key, 2, "-"), split(key, 4, "."), key[:4]+"-"+key[4:], key[:4]+" "+key[4:])
		}
		all = append(all, long(key))
	}
	for _, text := range slices.Clone(all) {
		all = append(all, strings.ToUpper(text), strings.ToLower(text))
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(text string) bool { return text == "" })
}

// pattern finds the key whatever stands between its characters.
func pattern(key string) string { return "%" + strings.Join(strings.Split(key, ""), "%") + "%" }

func split(text string, each int, mark string) string {
	var parts []string
	for part := range slices.Chunk([]byte(text), each) {
		parts = append(parts, string(part))
	}
	return strings.Join(parts, mark)
}

// long is the long form of an ONU's number: its maker's letters as digits too; ""
// of anything else.
func long(key string) string {
	short := ident.GPON(key)
	if !short.Valid {
		return ""
	}
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(short.Normalized[:4]) {
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String() + short.Normalized[4:]
}
