package ident_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/ident"
)

func TestReadTellsKindsApart(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in, format, kind, normalized, issue string
	}{
		{"50:C7:BF:01:23:45", "", "mac", "50:C7:BF:01:23:45", ""},
		{"50C7BF012345", "", "mac", "50:C7:BF:01:23:45", ""},
		{"647002123456", "", "mac", "64:70:02:12:34:56", ""}, // digits only, but a known maker's
		{"A0B1C2D3E4F5", "", "mac", "A0:B1:C2:D3:E4:F5", ""},
		{"AB1234567890", "", "serial", "AB1234567890", ""}, // as a MAC it would be a group's
		{"123456789013", "", "serial", "123456789013", ""},
		{"123456789012", "", "barcode", "123456789012", ""},
		{"4006381333931", "", "barcode", "4006381333931", ""},
		{"4006381333931", "ean13", "barcode", "4006381333931", ""},
		{"4006381333931", "code128", "serial", "4006381333931", ""},
		{"4006381333932", "", "serial", "4006381333932", ""},
		{"96385074", "EAN8", "barcode", "96385074", ""},
		{"S/N 4006381333931", "", "serial", "4006381333931", ""},
		{"TPLGA1B2C3D4", "", "gpon", "TPLGA1B2C3D4", ""},
		{"QQQQA1B2C3D4", "", "gpon", "QQQQA1B2C3D4", ""}, // of a maker that is not known
		{"54504c47a1b2c3d4", "", "gpon", "TPLGA1B2C3D4", ""},
		{"TPLGA1B2C3DO", "", "gpon", "TPLGA1B2C3D0", ident.IssueRepaired},
		{"QQQQA1B2C3DO", "", "serial", "QQQQA1B2C3DO", ""}, // nothing says that it is an ONU's
		{"S/N: TPLGA1B2C3D4", "", "gpon", "TPLGA1B2C3D4", ""},
		{"P/N 123456", "", "unknown", "123456", ident.IssuePart},
		{"https://example.org/x", "qr", "unknown", "HTTPS://EXAMPLE.ORG/X", ident.IssueLink},
		{"WIFI:S:Maison;T:WPA;P:invented;;", "qr", "unknown", "WIFI:S:MAISON;T:WPA;P:INVENTED;;", ident.IssueWifi},
		{"", "", "unknown", "", ident.IssueEmpty},
		{" \u200b ", "", "unknown", "", ident.IssueEmpty},
		{"CAUTION", "", "unknown", "CAUTION", ident.IssueNoDigit},
		{"S/N: CAUTION", "", "serial", "CAUTION", ident.IssueNoDigit},
		{"MAC: 50C7BF01234", "", "mac", "50C7BF01234", ident.IssueLength},
		{"FFFFFFFFFFFF", "", "unknown", "FFFFFFFFFFFF", ident.IssueNoDigit},
		{"000000000000", "", "unknown", "000000000000", ident.IssueRepeated},
	} {
		got := ident.Scanned(test.in, test.format)
		if test.format == "" {
			if diff := cmp.Diff(got, ident.Read(test.in)); diff != "" {
				t.Errorf("Read(%q): %s", test.in, diff)
			}
		}
		if got.Kind != test.kind || got.Normalized != test.normalized || got.Issues == nil {
			t.Errorf("Scanned(%q, %q) = %+v", test.in, test.format, got)
		}
		if test.issue != "" && !slices.Contains(got.Issues, test.issue) {
			t.Errorf("Scanned(%q): issues %v, want %s", test.in, got.Issues, test.issue)
		}
		if got.Valid != (test.issue == "" || test.issue == ident.IssueRepaired) {
			t.Errorf("Scanned(%q): valid %v", test.in, got.Valid)
		}
	}
}

// However a device's identifier is written, it has one key.
func TestKey(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"50:C7:BF:01:23:45", "50c7bf012345", "50-c7-bf-01-23-45", "MAC: 50C7.BF01.2345"},
		{"TPLGA1B2C3D4", "54504C47A1B2C3D4", "S/N: tplg-a1b2c3d4"},
		{"ab-123456", "S/N: AB-123456"},
	} {
		for _, text := range same {
			if got, want := ident.Read(text).Key(), ident.Read(same[0]).Key(); got != want || got == "" {
				t.Errorf("the key of %q is %q, of %q %q", text, got, same[0], want)
			}
		}
	}
	if key := ident.Read("https://example.org").Key(); key != "" {
		t.Errorf("a link has the key %q", key)
	}
}

// What was normalised stays as it is, nothing valid has a strange form, and
// nothing that is a MAC or an ONU's number passes for a serial number.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"50:C7:BF:01:23:45", "TPLGA1B2C3D4", "54504C47A1B2C3D4", "S/N: AB-123456", "4006381333931", "P/N 1", "MAC:", "SN SN SN 123456", "ſ/N:\xff", "ﬀﬀﬀ123",
		"S/N:MAC:50C7BF012345", "SN::::1234567", "Ⅻ123456",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := ident.Read(text)
		if r.Value != text || r.Issues == nil || !utf8.ValidString(r.Normalized) {
			t.Fatalf("%+v", r)
		}
		if !r.Valid {
			return
		}
		again := ident.Read(r.Normalized)
		if r.Kind != ident.KindSerial && (again.Normalized != r.Normalized || again.Kind != r.Kind || !again.Valid) {
			t.Fatalf("%q became %+v, then %+v", text, r, again)
		}
		switch r.Kind {
		case ident.KindMAC:
			if len(r.Normalized) != 17 || strings.Count(r.Normalized, ":") != 5 {
				t.Fatalf("%+v", r)
			}
		case ident.KindGPON:
			if len(r.Normalized) != 12 {
				t.Fatalf("%+v", r)
			}
		case ident.KindSerial:
			if s := ident.Serial(r.Normalized); !s.Valid || s.Normalized != r.Normalized || len(s.Normalized) < 6 || len(s.Normalized) > 32 {
				t.Fatalf("%q: %+v, then %+v", text, r, s)
			}
		case ident.KindUnknown:
			t.Fatalf("valid, and nobody knows what: %+v", r)
		}
	})
}
