package ident_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/ident"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"  ab 12\t34 ", "AB1234"},
		{"S/N: ab-1234", "AB-1234"},
		{"s / n:ab1234", "AB1234"},
		{"SN:2231400001234", "2231400001234"},
		{"SN 2231400001234", "2231400001234"},
		{"SN. : 22314", "22314"},
		{"SN1234567", "SN1234567"},   // the beginning of a number, not a label
		{"SNOM123456", "SNOM123456"}, // a brand
		{"MACRO123", "MACRO123"},
		{"(S)AB123456", "AB123456"},
		{"Serial No.: AB123456", "AB123456"},
		{"Serial Number AB123456", "AB123456"},
		{"MAC: 50c7bf012345", "50C7BF012345"},
		{"MAC Address: 50:C7:BF:01:23:45", "50:C7:BF:01:23:45"},
		{"P/N: 7800-1", "7800-1"},
		{"ＡＢ１２３４５６", "AB123456"}, // full width
		{"AB\u200b12\u00a034\u2011 56\x1d", "AB1234-56"},
		{"ab\xff12", "AB12"},
		{"S/N:", "S/N:"}, // nothing behind the label
		{"GPON SN: TPLG-A1B2C3D4", "TPLG-A1B2C3D4"},
	} {
		if got := ident.Clean(test.in); got != test.want {
			t.Errorf("Clean(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func TestMAC(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in, want string
		valid    bool
		issues   []string
	}{
		{"50:c7:bf:01:23:45", "50:C7:BF:01:23:45", true, nil},
		{"50-C7-BF-01-23-45", "50:C7:BF:01:23:45", true, nil},
		{"50c7.bf01.2345", "50:C7:BF:01:23:45", true, nil},
		{"MAC: 50C7BF012345", "50:C7:BF:01:23:45", true, nil},
		{"50C7BFO1Z3GS", "50:C7:BF:01:23:65", true, []string{ident.IssueRepaired}},
		{"5Q:C7:BF:Il:23:45", "50:C7:BF:11:23:45", true, []string{ident.IssueRepaired}},
		{"00:00:00:00:00:00", "00:00:00:00:00:00", false, []string{ident.IssueAllZero}},
		{"OO:OO:OO:OO:OO:OO", "00:00:00:00:00:00", false, []string{ident.IssueRepaired, ident.IssueAllZero}},
		{"FF:FF:FF:FF:FF:FF", "FF:FF:FF:FF:FF:FF", false, []string{ident.IssueBroadcast}},
		{"01:00:5E:00:00:01", "01:00:5E:00:00:01", false, []string{ident.IssueMulticast}},
		{"02:00:5E:00:00:01", "02:00:5E:00:00:01", true, []string{ident.IssueLocal}},
		{"50:C7:BF:01:23", "50:C7:BF:01:23", false, []string{ident.IssueLength}},
		{"50:C7:BF:01:23:4X", "50:C7:BF:01:23:4X", false, []string{ident.IssueCharacters}},
		{"", "", false, []string{ident.IssueLength}},
	} {
		got := ident.MAC(test.in)
		want := ident.Reading{Value: test.in, Kind: "mac", Normalized: test.want, Valid: test.valid, Issues: append([]string{}, test.issues...)}
		want.Repaired = len(test.issues) > 0 && test.issues[0] == ident.IssueRepaired
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("MAC(%q): %s", test.in, diff)
		}
	}
}

func TestGPON(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in, want string
		valid    bool
		issues   []string
	}{
		{"TPLGa1b2c3d4", "TPLGA1B2C3D4", true, nil},
		{"TPLG-A1B2C3D4", "TPLGA1B2C3D4", true, nil},
		{"GPON SN: tplg a1b2 c3d4", "TPLGA1B2C3D4", true, nil},
		{"54504C47A1B2C3D4", "TPLGA1B2C3D4", true, nil}, // the letters as digits
		{"TPLGAlB2C3DO", "TPLGA1B2C3D0", true, []string{ident.IssueRepaired}},
		{"TPLGA1B2C3D", "TPLGA1B2C3D", false, []string{ident.IssueLength}},
		{"TP1GA1B2C3D4", "TP1GA1B2C3D4", false, []string{ident.IssueVendor}}, // letters are never made of digits
		{"TPLGA1B2C3DX", "TPLGA1B2C3DX", false, []string{ident.IssueCharacters}},
		{"00000047A1B2C3D4", "00000047A1B2C3D4", false, []string{ident.IssueLength}},
	} {
		got := ident.GPON(test.in)
		want := ident.Reading{Value: test.in, Kind: "gpon", Normalized: test.want, Valid: test.valid, Issues: append([]string{}, test.issues...)}
		want.Repaired = len(test.issues) > 0 && test.issues[0] == ident.IssueRepaired
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("GPON(%q): %s", test.in, diff)
		}
	}
}

func TestSerial(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in, want, kind string
		valid          bool
		issues         []string
	}{
		{"S/N: ab-1234", "AB-1234", "serial", true, nil},
		{"4006381333931", "4006381333931", "serial", true, nil}, // meant as a serial number, whatever its last digit
		{"50:C7:BF:01:23:45", "50:C7:BF:01:23:45", "mac", false, []string{ident.IssueIsMAC}},
		{"TPLGA1B2C3D4", "TPLGA1B2C3D4", "gpon", false, []string{ident.IssueIsGPON}},
		{"S/N:AB12", "AB12", "serial", false, []string{ident.IssueLength}},
		{"S/N:WARNING", "WARNING", "serial", false, []string{ident.IssueNoDigit}},
		{"S/N:0000000", "0000000", "serial", false, []string{ident.IssueRepeated}},
		{"S/N:AB_12345", "AB_12345", "serial", false, []string{ident.IssueCharacters}},
		{"S/N:" + strings.Repeat("A1", 17), strings.Repeat("A1", 17), "serial", false, []string{ident.IssueLength}},
		{"P/N: 1234567", "1234567", "unknown", false, []string{ident.IssuePart}},
	} {
		got := ident.Serial(test.in)
		want := ident.Reading{Value: test.in, Kind: test.kind, Normalized: test.want, Valid: test.valid, Issues: append([]string{}, test.issues...)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Serial(%q): %s", test.in, diff)
		}
	}
}
