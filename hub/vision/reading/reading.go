// Package reading turns what was read from a picture, by the hub itself or by
// Gemini, into what can be stored: values normalised and judged, duplicates
// dropped, the most useful first. All of it is pure.
//
// It calls no system and remembers nothing.
package reading

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/hub/barcode"
	"gigafibre.ca/targo-hub/hub/ident"
)

// Code is one code of a picture.
type Code struct {
	Value      string   `json:"value" doc:"As it was read"`
	Kind       string   `json:"kind" enum:"serial,mac,gpon,barcode,unknown" doc:"barcode is the code of a product, which names no device"`
	Format     string   `json:"format" doc:"code128, qr, datamatrix, ean13 …; empty when it was read as text"`
	Confidence float64  `json:"confidence" minimum:"0" maximum:"1"`
	Normalized string   `json:"normalized" doc:"As it is stored and compared; a MAC as AA:BB:CC:DD:EE:FF"`
	Valid      bool     `json:"valid" doc:"May be stored as what kind says"`
	Repaired   bool     `json:"repaired" doc:"Letters that look like digits were put right: compare with the label"`
	Issues     []string `json:"issues" nullable:"false" doc:"What is wrong or odd with it"`
}

// MostCodes is how many codes an answer has.
const MostCodes = 3

// How sure a code is that was decoded: most formats check themselves, two do so
// weakly.
const (
	sure     = 0.99
	fairly   = 0.9
	repaired = 0.8 // at most, when characters were put right
)

const longestValue = 400

// formats are those that a code can have.
var formats = []string{"code128", "code39", "code93", "ean13", "ean8", "upca", "upce", "itf", "codabar", "qr", "datamatrix", "pdf417", "aztec"}

// Decoded judges the codes that the hub decoded itself. A code that holds several
// identifiers ("SN:…;MAC:…") counts as each of them.
func Decoded(codes []barcode.Code) []Code {
	var out []Code
	for _, c := range codes {
		confidence := sure
		if c.Format == "code39" || c.Format == "itf" {
			confidence = fairly
		}
		for _, value := range split(c.Value) {
			out = append(out, code(ident.Scanned(value, c.Format), c.Format, confidence))
		}
	}
	return best(out)
}

// Told judges the codes that Gemini told: {"codes": [{value, kind, format,
// confidence}]}.
func Told(raw json.RawMessage) ([]Code, error) {
	var in struct {
		Codes []struct {
			Value      string  `json:"value"`
			Kind       string  `json:"kind"`
			Format     string  `json:"format"`
			Confidence float64 `json:"confidence"`
		} `json:"codes"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fmt.Errorf("reading the codes: %w", err)
	}
	var out []Code
	for _, c := range in.Codes {
		value := short(c.Value)
		if value == "" {
			continue
		}
		format := strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(c.Format))
		if format = strings.TrimSuffix(format, "code"); !slices.Contains(formats, format) {
			format = "" // whatever else the label, or Gemini, calls it
		}
		out = append(out, code(meant(value, c.Kind, format), format, c.Confidence))
	}
	return best(out), nil
}

// meant believes Gemini about the kind of a value only where the value bears it
// out.
func meant(value, kind, format string) ident.Reading {
	r := ident.Scanned(value, format)
	if r.Kind == kind || r.Valid && r.Kind != ident.KindSerial {
		return r
	}
	switch kind {
	case ident.KindMAC:
		if m := ident.MAC(value); m.Valid {
			return m
		}
	case ident.KindGPON:
		if g := ident.GPON(value); g.Valid {
			return g
		}
	}
	return r
}

func code(r ident.Reading, format string, confidence float64) Code {
	confidence = min(max(confidence, 0), 1)
	if r.Repaired {
		confidence = min(confidence, repaired)
	}
	return Code{
		Value: r.Value, Kind: r.Kind, Format: format, Confidence: confidence, Normalized: r.Normalized,
		Valid: r.Valid, Repaired: r.Repaired, Issues: r.Issues,
	}
}

// split takes the fields of a two-dimensional code apart when they hold
// identifiers; any other value stays whole.
func split(value string) []string {
	fields := strings.FieldsFunc(value, func(c rune) bool { return strings.ContainsRune(";,|\r\n\t\x1d", c) })
	if len(fields) < 2 || len(fields) > 12 || strings.HasPrefix(strings.ToUpper(value), "WIFI:") || strings.Contains(value, "://") {
		return []string{value}
	}
	var out []string
	for _, field := range fields {
		if r := ident.Read(field); r.Valid && r.Kind != ident.KindBarcode {
			out = append(out, field)
		}
	}
	if len(out) == 0 {
		return []string{value}
	}
	return out
}

// best drops what stands there twice, keeping the surer one, and puts what names
// a device first.
func best(all []Code) []Code {
	out := []Code{}
	for _, c := range all {
		same := slices.IndexFunc(out, func(o Code) bool { return o.Kind == c.Kind && o.Normalized == c.Normalized })
		switch {
		case same < 0:
			out = append(out, c)
		case c.Confidence > out[same].Confidence:
			out[same] = c
		}
	}
	slices.SortStableFunc(out, func(a, b Code) int { return cmp.Compare(rank(a), rank(b)) })
	return out[:min(len(out), MostCodes)]
}

func rank(c Code) int {
	switch {
	case c.Valid && c.Kind != ident.KindBarcode:
		return 0
	case c.Valid:
		return 1
	}
	return 2
}

// short bounds what came from outside.
func short(text string) string {
	text = strings.ToValidUTF8(strings.TrimSpace(text), "")
	if len(text) > longestValue {
		text = strings.ToValidUTF8(text[:longestValue], "")
	}
	return text
}
