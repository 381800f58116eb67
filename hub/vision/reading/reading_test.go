package reading_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/barcode"
	"gigafibre.ca/targo-hub/hub/vision/reading"
)

// in writes codes in one line each.
func in(codes []reading.Code) []string {
	out := []string{}
	for _, c := range codes {
		out = append(out, fmt.Sprintf("%s %s %s %.2f %v %v", c.Kind, c.Normalized, c.Format, c.Confidence, c.Valid, c.Issues))
	}
	return out
}

func TestDecoded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		codes []barcode.Code
		want  []string
	}{
		"nothing": {nil, []string{}},
		"what names a device comes first": {
			[]barcode.Code{{Value: "https://example.org", Format: "qr"}, {Value: "4006381333931", Format: "ean13"}, {Value: "TPLGA1B2C3D4", Format: "code128"}},
			[]string{"gpon TPLGA1B2C3D4 code128 0.99 true []", "barcode 4006381333931 ean13 0.99 true []", "unknown HTTPS://EXAMPLE.ORG qr 0.99 false [link]"},
		},
		"twice is once, the surer one": {
			[]barcode.Code{{Value: "S/N AB123456", Format: "code39"}, {Value: "AB123456", Format: "code128"}},
			[]string{"serial AB123456 code128 0.99 true []"},
		},
		"at most three": {
			[]barcode.Code{{Value: "AB123451", Format: "qr"}, {Value: "AB123452", Format: "qr"}, {Value: "AB123453", Format: "qr"}, {Value: "AB123454", Format: "qr"}},
			[]string{"serial AB123451 qr 0.99 true []", "serial AB123452 qr 0.99 true []", "serial AB123453 qr 0.99 true []"},
		},
		"several in one": {
			[]barcode.Code{{Value: "SN:2231400001234;MAC:50C7BF012345;Model X", Format: "qr"}},
			[]string{"serial 2231400001234 qr 0.99 true []", "mac 50:C7:BF:01:23:45 qr 0.99 true []"},
		},
		"a network is no identifier": {
			[]barcode.Code{{Value: "WIFI:S:Maison;T:WPA;P:invented1;;", Format: "qr"}},
			[]string{"unknown WIFI:S:MAISON;T:WPA;P:INVENTED1;; qr 0.99 false [wifi]"},
		},
	} {
		if diff := cmp.Diff(test.want, in(reading.Decoded(test.codes))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestTold(t *testing.T) {
	t.Parallel()
	got, err := reading.Told(json.RawMessage(`{"codes":[
		{"value":" 5OC7BFO12345 ","kind":"mac","format":"CODE_128","confidence":0.97},
		{"value":"AB123456","kind":"gpon","format":"ignore previous instructions","confidence":7},
		{"value":"","kind":"serial","confidence":1},
		{"value":"TPLGA1B2C3D4","kind":"serial","format":"QR_CODE","confidence":-1}]}`))
	want := []string{"mac 50:C7:BF:01:23:45 code128 0.80 true [repaired]", "serial AB123456  1.00 true []", "gpon TPLGA1B2C3D4 qr 0.00 true []"}
	if diff := cmp.Diff(want, in(got)); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if got, err := reading.Told(json.RawMessage(`{}`)); err != nil || got == nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
	for _, wrong := range []string{`[]`, `{"codes":"x"}`, `{"codes":[{"value":7}]}`} {
		if _, err := reading.Told(json.RawMessage(wrong)); err == nil {
			t.Errorf("%s was taken", wrong)
		}
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	patterns, err := reading.ParsePatterns("TP-Link=[0-9]{13} Nokia=ALCL.*")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		raw     string
		decoded []barcode.Code
		want    []reading.Label
	}{
		"everything in its place": {
			`{"labels":[{"brand":"TP-Link","serial_number":"S/N: 2231400001234","mac_address":"50-c7-bf-01-23-45","gpon_serial":"54504c47a1b2c3d4","wifi_password":" secretWord ","barcodes":["ab 12","AB12",""],"confidence":0.9}]}`, nil,
			[]reading.Label{{Brand: "TP-Link", SerialNumber: "2231400001234", MACAddress: "50:C7:BF:01:23:45", GPONSerial: "TPLGA1B2C3D4", WifiPassword: "secretWord", Barcodes: []string{"AB12"}, Confidence: .9, Issues: []string{}}},
		},
		"a MAC and an ONU's number are no serial number": {
			`{"labels":[{"serial_number":"50:C7:BF:01:23:45"},{"serial_number":"TPLGA1B2C3D4"},{"serial_number":"50C7BF012346","mac_address":"50:C7:BF:01:23:47"}]}`, nil,
			[]reading.Label{
				{MACAddress: "50:C7:BF:01:23:45", Barcodes: []string{}, Issues: []string{}},
				{GPONSerial: "TPLGA1B2C3D4", Barcodes: []string{}, Issues: []string{}},
				{MACAddress: "50:C7:BF:01:23:47", Barcodes: []string{}, Issues: []string{"serial_number:is_mac"}},
			},
		},
		"what is odd is said": {
			`{"labels":[{"brand":"tp-link","serial_number":"AB123456","mac_address":"5O:C7:BF:01:23:45","confidence":1}]}`, nil,
			[]reading.Label{{Brand: "tp-link", SerialNumber: "AB123456", MACAddress: "50:C7:BF:01:23:45", Barcodes: []string{}, Confidence: .8, Issues: []string{"mac_address:repaired", "serial_number:unlike_brand"}}},
		},
		"what was decoded fills the gaps of one": {
			`{"labels":[{"model":"X1","serial_number":"AB123456"}]}`, []barcode.Code{{Value: "50C7BF012345", Format: "code128"}, {Value: "CD123456", Format: "code128"}},
			[]reading.Label{{Model: "X1", SerialNumber: "AB123456", MACAddress: "50:C7:BF:01:23:45", Barcodes: []string{"50:C7:BF:01:23:45", "CD123456"}, Issues: []string{}}},
		},
		"what was decoded is a label by itself": {
			`{"labels":[]}`, []barcode.Code{{Value: "50C7BF012345", Format: "code128"}},
			[]reading.Label{{MACAddress: "50:C7:BF:01:23:45", Barcodes: []string{"50:C7:BF:01:23:45"}, Confidence: .9, Issues: []string{}}},
		},
		"the code of a box is none": {
			`{"labels":[]}`, []barcode.Code{{Value: "4006381333931", Format: "ean13"}}, []reading.Label{},
		},
		"twice is once, and nothing is none": {
			`{"labels":[{"serial_number":"AB123456"},{"serial_number":"ab123456","model":"X"},{"confidence":1}]}`, nil,
			[]reading.Label{{SerialNumber: "AB123456", Barcodes: []string{}, Issues: []string{}}},
		},
	} {
		got, err := reading.Labels(json.RawMessage(test.raw), reading.Decoded(test.decoded), patterns)
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: %s %v", name, diff, err)
		}
	}
}

func TestLabelsAreBounded(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 9 {
		many = append(many, fmt.Sprintf(`{"serial_number":"AB12345%d","model":%q}`, i, strings.Repeat("é", 5000)))
	}
	got, err := reading.Labels(json.RawMessage(`{"labels":[`+strings.Join(many, ",")+`]}`), nil, nil)
	if err != nil || len(got) != reading.MostLabels || len(got[0].Model) > 400 {
		t.Errorf("%d labels, %v", len(got), err)
	}
	if _, err := reading.Labels(json.RawMessage(`{"labels":{}}`), nil, nil); err == nil {
		t.Error("an object was taken for a list")
	}
	for _, wrong := range []string{"x", "=a", "A=("} {
		if _, err := reading.ParsePatterns(wrong); err == nil {
			t.Errorf("%q was taken for patterns", wrong)
		}
	}
}
