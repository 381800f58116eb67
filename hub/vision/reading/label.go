package reading

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/hub/ident"
)

// Label is the label of one device.
type Label struct {
	EquipmentType   string   `json:"equipment_type"`
	Brand           string   `json:"brand"`
	Model           string   `json:"model"`
	HWVersion       string   `json:"hw_version"`
	PartNumber      string   `json:"part_number"`
	SerialNumber    string   `json:"serial_number" doc:"Normalised"`
	MACAddress      string   `json:"mac_address" doc:"AA:BB:CC:DD:EE:FF"`
	GPONSerial      string   `json:"gpon_serial" doc:"Four letters and eight hexadecimal digits"`
	Barcodes        []string `json:"barcodes" nullable:"false"`
	WifiSSID        string   `json:"wifi_ssid"`
	WifiPassword    string   `json:"wifi_password"`
	DefaultUser     string   `json:"default_user"`
	DefaultPassword string   `json:"default_password"`
	Confidence      float64  `json:"confidence" minimum:"0" maximum:"1"`
	Issues          []string `json:"issues" nullable:"false" doc:"field:issue, for what is wrong or odd"`
}

// MostLabels is how many labels an answer has.
const MostLabels = 5

const mostBarcodes = 10

// Patterns are how brands number their devices, by brand in lower case.
type Patterns map[string]*regexp.Regexp

// ParsePatterns reads "Nokia=ALCL[0-9A-F]{8} TP-Link=[0-9]{13}", apart by blanks.
func ParsePatterns(text string) (Patterns, error) {
	out := Patterns{}
	for part := range strings.SplitSeq(text, " ") {
		if part == "" {
			continue
		}
		brand, pattern, ok := strings.Cut(part, "=")
		if !ok || brand == "" {
			return nil, fmt.Errorf("%q is not like Brand=PATTERN", part)
		}
		compiled, err := regexp.Compile("^(?:" + pattern + ")$")
		if err != nil {
			return nil, fmt.Errorf("the pattern of %s: %w", brand, err)
		}
		out[strings.ToLower(brand)] = compiled
	}
	return out, nil
}

// Labels judges the labels that Gemini told: {"labels": [{equipment_type, …}]}.
// What the hub decoded itself from the same picture fills the gaps of a label
// that stands alone, and is a label where Gemini saw none.
func Labels(raw json.RawMessage, decoded []Code, patterns Patterns) ([]Label, error) {
	var in struct {
		Labels []Label `json:"labels"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fmt.Errorf("reading the labels: %w", err)
	}
	if names := func(c Code) bool { return rank(c) == 0 }; len(in.Labels) == 0 && slices.ContainsFunc(decoded, names) {
		in.Labels = []Label{{Confidence: fairly}}
	}
	out := []Label{}
	for _, l := range in.Labels {
		l.settle(patterns)
		if len(in.Labels) == 1 {
			l.fill(decoded)
		}
		if l.empty() || slices.ContainsFunc(out, l.same) {
			continue
		}
		if out = append(out, l); len(out) == MostLabels {
			break
		}
	}
	return out, nil
}

// settle puts every identifier where it belongs and says what is odd.
func (l *Label) settle(patterns Patterns) {
	l.Issues = []string{}
	l.Confidence = min(max(l.Confidence, 0), 1)
	for _, text := range []*string{
		&l.EquipmentType, &l.Brand, &l.Model, &l.HWVersion, &l.PartNumber, &l.SerialNumber, &l.MACAddress, &l.GPONSerial,
		&l.WifiSSID, &l.WifiPassword, &l.DefaultUser, &l.DefaultPassword,
	} {
		*text = short(*text)
	}
	serial, mac, gpon := l.SerialNumber, l.MACAddress, l.GPONSerial
	l.SerialNumber, l.MACAddress, l.GPONSerial = "", "", ""
	if gpon != "" {
		l.put(&l.GPONSerial, "gpon_serial", ident.GPON(gpon))
	}
	if mac != "" {
		l.put(&l.MACAddress, "mac_address", ident.MAC(mac))
	}
	if serial != "" {
		l.serial(serial, patterns)
	}
	l.barcodes()
}

// serial is not one when it is a MAC or the number of an ONU; it goes where it
// belongs unless that is taken.
func (l *Label) serial(text string, patterns Patterns) {
	r := ident.Serial(text)
	switch {
	case r.Kind == ident.KindMAC && l.MACAddress == "":
		l.put(&l.MACAddress, "mac_address", ident.MAC(text))
	case r.Kind == ident.KindGPON && l.GPONSerial == "":
		l.put(&l.GPONSerial, "gpon_serial", ident.GPON(text))
	case r.Kind == ident.KindMAC, r.Kind == ident.KindGPON:
		l.Issues = append(l.Issues, "serial_number:"+r.Issues[len(r.Issues)-1])
	default:
		l.put(&l.SerialNumber, "serial_number", r)
		if p := patterns[strings.ToLower(l.Brand)]; p != nil && r.Valid && !p.MatchString(r.Normalized) {
			l.Issues = append(l.Issues, "serial_number:"+ident.IssueUnlikeBrand)
		}
	}
}

// put stores an identifier in its one form, also one that is not valid: whoever
// holds the phone sees the label.
func (l *Label) put(into *string, field string, r ident.Reading) {
	*into = r.Normalized
	if r.Repaired {
		l.Confidence = min(l.Confidence, repaired)
	}
	for _, issue := range r.Issues {
		l.Issues = append(l.Issues, field+":"+issue)
	}
}

func (l *Label) barcodes() {
	all := l.Barcodes
	l.Barcodes = []string{}
	for _, text := range all {
		text = ident.Clean(short(text))
		if text != "" && !slices.Contains(l.Barcodes, text) && len(l.Barcodes) < mostBarcodes {
			l.Barcodes = append(l.Barcodes, text)
		}
	}
}

// fill takes over what was decoded: it checked itself, where a text may be
// misread.
func (l *Label) fill(decoded []Code) {
	for _, c := range decoded {
		if !c.Valid {
			continue
		}
		switch {
		case c.Kind == ident.KindGPON && l.GPONSerial == "":
			l.GPONSerial = c.Normalized
		case c.Kind == ident.KindMAC && l.MACAddress == "":
			l.MACAddress = c.Normalized
		case c.Kind == ident.KindSerial && l.SerialNumber == "":
			l.SerialNumber = c.Normalized
		}
		if !slices.Contains(l.Barcodes, c.Normalized) && len(l.Barcodes) < mostBarcodes {
			l.Barcodes = append(l.Barcodes, c.Normalized)
		}
	}
}

func (l Label) empty() bool {
	return l.SerialNumber+l.MACAddress+l.GPONSerial+l.Model+l.Brand+l.PartNumber+l.WifiSSID == "" && len(l.Barcodes) == 0
}

// same tells two labels that name one device.
func (l Label) same(o Label) bool {
	return l.SerialNumber != "" && l.SerialNumber == o.SerialNumber || l.GPONSerial != "" && l.GPONSerial == o.GPONSerial ||
		l.MACAddress != "" && l.MACAddress == o.MACAddress
}
