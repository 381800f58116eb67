// Package ident reads the identifiers that stand on the labels of customer
// equipment: serial numbers, MAC addresses, the serial numbers of GPON ONUs and
// the product codes of boxes. It brings each into the one form in which it is
// stored and compared, and says what is wrong with it. It never guesses silently:
// a character that was changed is marked.
//
// It has no routes, calls no system and remembers nothing.
package ident

import "strings"

// Kind is what an identifier names.
type Kind = string

// The kinds. A product code names the model in the box, not the device.
const (
	KindSerial  Kind = "serial"
	KindMAC     Kind = "mac"
	KindGPON    Kind = "gpon"
	KindBarcode Kind = "barcode"
	KindUnknown Kind = "unknown"
)

// The issues of a reading.
const (
	IssueEmpty       = "empty"
	IssueRepaired    = "repaired"     // letters that a camera takes for digits were put right
	IssueLength      = "length"       // not as long as its kind demands
	IssueCharacters  = "characters"   // a character that its kind does not have
	IssueNoDigit     = "no_digit"     // a serial number without a digit is a word
	IssueRepeated    = "repeated"     // one character over and over
	IssueAllZero     = "all_zero"     // MAC 00:00:00:00:00:00
	IssueBroadcast   = "broadcast"    // MAC FF:FF:FF:FF:FF:FF
	IssueMulticast   = "multicast"    // a MAC that no device can have
	IssueLocal       = "local"        // a MAC given by software, not by a maker; valid
	IssueVendor      = "vendor"       // a GPON number without the four letters of its maker
	IssuePart        = "part_number"  // names the model, not the device
	IssueLink        = "link"         // an address of a page
	IssueWifi        = "wifi"         // the settings of a wireless network
	IssueIsMAC       = "is_mac"       // taken for a serial number, but a MAC
	IssueIsGPON      = "is_gpon"      // taken for a serial number, but the number of an ONU
	IssueUnlikeBrand = "unlike_brand" // not how this brand numbers its devices
)

// Reading is what became of one identifier.
type Reading struct {
	Value      string   `json:"value"`      // as it was read
	Kind       Kind     `json:"kind"`       // serial, mac, gpon, barcode or unknown
	Normalized string   `json:"normalized"` // as it is stored and compared; MAC as AA:BB:CC:DD:EE:FF
	Valid      bool     `json:"valid"`      // may be stored
	Repaired   bool     `json:"repaired"`   // characters were changed by their looks
	Issues     []string `json:"issues"`     // never nil
}

// Read finds out what an identifier is. What cannot be told apart with certainty
// is a serial number, which is stored as it is.
func Read(value string) Reading { return read(value, "") }

// Scanned is Read for the contents of a machine-read code of this format ("ean13",
// "code128", "qr", …): thirteen digits in a Code 128 are a serial number, in an
// EAN-13 the code of a product.
func Scanned(value, format string) Reading { return read(value, strings.ToLower(format)) }

func read(value, format string) Reading {
	text, hint := clean(value)
	switch {
	case text == "":
		return reject(value, text, IssueEmpty)
	case strings.HasPrefix(text, "WIFI:"):
		return reject(value, text, IssueWifi)
	case strings.Contains(text, "://") || strings.HasPrefix(text, "WWW."):
		return reject(value, text, IssueLink)
	case hint == hintPart:
		return reject(value, text, IssuePart)
	case hint == hintMAC:
		return readMAC(value, text)
	case hint == hintGPON:
		return readGPON(value, text)
	case isGPON(text) || isLongGPON(text) || isSmudgedGPON(text):
		return readGPON(value, text)
	case isMAC(text):
		return readMAC(value, text)
	case hint != hintSerial && isProduct(text, format):
		return Reading{Value: value, Kind: KindBarcode, Normalized: text, Valid: true, Issues: []string{}}
	}
	r := readSerial(value, text)
	if !r.Valid && hint == hintNone {
		r.Kind = KindUnknown
	}
	return r
}

// Serial reads a text that is meant to be a serial number. One that is a MAC or
// the number of an ONU is not valid as such: Kind says what it is.
func Serial(text string) Reading {
	r := Read(text)
	switch r.Kind {
	case KindMAC:
		r.Valid, r.Issues = false, append(r.Issues, IssueIsMAC)
	case KindGPON:
		r.Valid, r.Issues = false, append(r.Issues, IssueIsGPON)
	case KindBarcode:
		return readSerial(text, r.Normalized)
	}
	return r
}

// Key is what two identifiers are compared on: equal keys, same device. It is
// empty for what names no device.
func (r Reading) Key() string {
	switch r.Kind {
	case KindMAC:
		return strings.ReplaceAll(r.Normalized, ":", "")
	case KindUnknown:
		return ""
	default:
		return r.Normalized
	}
}

func reject(value, text, issue string) Reading {
	return Reading{Value: value, Kind: KindUnknown, Normalized: text, Issues: []string{issue}}
}

// Limits of a serial number.
const (
	shortest = 6
	longest  = 32
)

func readSerial(value, text string) Reading {
	r := Reading{Value: value, Kind: KindSerial, Normalized: text, Issues: []string{}}
	if len(text) < shortest || len(text) > longest {
		r.Issues = append(r.Issues, IssueLength)
	}
	digits := 0
	for _, c := range []byte(text) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'A' && c <= 'Z', c == '-':
		default:
			r.Issues = append(r.Issues, IssueCharacters)
			return r
		}
	}
	switch {
	case digits == 0:
		r.Issues = append(r.Issues, IssueNoDigit)
	case strings.Trim(text, text[:1]) == "":
		r.Issues = append(r.Issues, IssueRepeated)
	}
	r.Valid = len(r.Issues) == 0
	return r
}
