package ident

import (
	"encoding/hex"
	"slices"
	"strings"
)

// GPON reads a text that is meant to be the serial number of an ONU: four letters
// of its maker and eight hexadecimal digits, or the same with the letters written
// as eight digits too.
func GPON(text string) Reading {
	short, _ := clean(text)
	return readGPON(text, short)
}

const (
	vendorLetters = 4
	gponLength    = 12
	gponLong      = 16
)

// vendors are the letters of makers of ONUs.
var vendors = []string{
	"ALCL", "ADTN", "BDCM", "CALX", "CIGG", "CXNK", "DZSI", "FHTT", "GNXS", "HALN", "HWTC", "ISKT", "MSTC", "NOKG", "NOKW", "PTIN", "RCMG",
	"SCOM", "SERC", "TPLG", "TPLN", "UBNT", "VSOL", "ZNTS", "ZTEG", "ZYXE",
}

func readGPON(value, text string) Reading {
	r := Reading{Value: value, Kind: KindGPON, Normalized: text, Issues: []string{}}
	bare := strip(text)
	if vendor, ok := decodeVendor(bare); ok {
		bare = vendor + bare[2*vendorLetters:]
	}
	if len(bare) != gponLength {
		r.Issues = append(r.Issues, IssueLength)
		return r
	}
	vendor := bare[:vendorLetters]
	if !letters(vendor) {
		r.Issues = append(r.Issues, IssueVendor)
		return r
	}
	digits, repaired, ok := hexDigits(bare[vendorLetters:])
	if !ok {
		r.Issues = append(r.Issues, IssueCharacters)
		return r
	}
	if r.Repaired = repaired; repaired {
		r.Issues = append(r.Issues, IssueRepaired)
	}
	r.Normalized, r.Valid = vendor+digits, true
	return r
}

func vendorKnown(vendor string) bool { return slices.Contains(vendors, vendor) }

// isGPON tells whether a text is such a number as it stands. Twelve hexadecimal
// digits are left to MAC addresses unless they begin with a known maker.
func isGPON(text string) bool {
	bare := strings.Replace(text, "-", "", 1)
	if len(bare) != gponLength || !letters(bare[:vendorLetters]) {
		return false
	}
	if _, err := hex.DecodeString(bare); err == nil && !vendorKnown(bare[:vendorLetters]) {
		return false
	}
	_, err := hex.DecodeString(bare[vendorLetters:])
	return err == nil
}

// isLongGPON tells whether a text is the long form.
func isLongGPON(text string) bool {
	_, err := hex.DecodeString(text)
	_, decodes := decodeVendor(text)
	return err == nil && decodes
}

// isSmudgedGPON tells whether a text is such a number of a known maker in which
// letters stand for digits.
func isSmudgedGPON(text string) bool {
	if len(text) != gponLength || !vendorKnown(text[:vendorLetters]) {
		return false
	}
	_, _, ok := hexDigits(text[vendorLetters:])
	return ok
}

// decodeVendor reads the maker's letters from the first half of the long form.
func decodeVendor(text string) (vendor string, ok bool) {
	if len(text) != gponLong {
		return "", false
	}
	raw, err := hex.DecodeString(text[:2*vendorLetters])
	if err != nil || !letters(string(raw)) {
		return "", false
	}
	return string(raw), true
}

func letters(text string) bool {
	return strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
