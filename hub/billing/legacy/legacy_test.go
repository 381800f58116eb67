package legacy_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"

	"gigafibre.ca/targo-hub/hub/billing/legacy"
)

// own is a table as the hub makes it, sep between its columns.
func own(sep, point string) string {
	return "\ufeff" + strings.NewReplacer(";", sep, ",", point).Replace("kind;customer;customer_name;amount;tps;tvq;total;note\r\n"+
		"line;C-1;Ann;79,95;;;;promotion\r\nline;C-1;Ann;2,10;;;;\r\ntotal;C-1;Ann;82,05;4,10;8,18;94,33;\r\n"+
		"total;'=Bob;Bob;-12,50;-0,63;-1,25;-14,38;credit carried\r\nskipped;C-9;;;;;;ended\r\nwarning;C-1;;;;;;odd\r\n"+
		"report;;;69,55;3,47;6,93;79,95;2 invoices\r\n")
}

func latin(t *testing.T, text string) string {
	t.Helper()
	raw, err := charmap.Windows1252.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body     string
		subtotal bool
		want     []string
		encoding string
	}{
		"commas":         {"customer,amount\nC-1,45.93\nC-1,4.07\nC-2,-3\n", false, []string{"C-1 50.00", "C-2 -3.00"}, legacy.UTF8},
		"French":         {"Client;Autre;Montant\r\nÉlise;x;1 080,43 $\r\n", false, []string{"Élise 1080.43"}, legacy.UTF8},
		"marked":         {"\ufeffNo. client;MONTANT\n7;1\u00a0080,43\u00a0$\n", false, []string{"7 1080.43"}, legacy.UTF8},
		"total":          {"customer_id,Total\nC-1,2.5\n", false, []string{"C-1 2.50"}, legacy.UTF8},
		"amount, total":  {"customer,total,amount\nC-1,2,1\n", false, []string{"C-1 1.00"}, legacy.UTF8},
		"Windows":        {latin(t, "Client;Montant\r\nÉlise Côté;12,50 €\r\n"), false, nil, ""},
		"Windows-1252":   {latin(t, "Client;Montant\r\nÉlise Cœur;1\u00a0012,50 $\r\n"), false, []string{"Élise Cœur 1012.50"}, legacy.Windows1252},
		"empty rows":     {"customer;amount\nC-1;1\n;\n ; \n", false, []string{"C-1 1.00"}, legacy.UTF8},
		"own":            {own(";", ","), false, []string{"=Bob -14.38", "C-1 94.33"}, legacy.UTF8},
		"own, points":    {own(",", "."), false, []string{"=Bob -14.38", "C-1 94.33"}, legacy.UTF8},
		"own, subtotals": {own(";", ","), true, []string{"=Bob -12.50", "C-1 82.05"}, legacy.UTF8},
	} {
		table, err := legacy.Read([]byte(test.body), test.subtotal)
		if test.want == nil {
			if err == nil {
				t.Errorf("%s: %v", name, table)
			}
			continue
		}
		var got []string
		for _, customer := range slices.Sorted(maps.Keys(table.Billed)) {
			got = append(got, customer+" "+table.Billed[customer].String())
		}
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil || table.Encoding != test.encoding {
			t.Errorf("%s: %v, %s\n%s", name, err, table.Encoding, diff)
		}
	}
}

// TestWhatIsNoTable is refused in words, none of which are the table's.
func TestWhatIsNoTable(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		"":                                        "empty",
		"\xff\xfec\x00u\x00":                      "UTF-16",
		"\xfe\xff\x00c\x00u":                      "UTF-16",
		"c\x00u\x00s\x00":                         "no text",
		"Client;Montant\n\xc9lise\x81;secret":     "neither UTF-8 nor Windows-1252",
		"who;much\nsecret;1":                      "columns customer and amount",
		"customer;amount\nsecret;1;2":             "line 2",
		"customer;amount\nC;1\nsecret;1,080":      "line 3",
		"customer;amount\n;1":                     "line 2",
		"customer;amount\n\"secret;1":             "quotation",
		strings.Split(own(";", ","), "report")[0]: "not whole",
		"kind;customer;amount\ntotal;secret;1":    "columns customer and amount",
	} {
		_, err := legacy.Read([]byte(body), false)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestAmount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"45.93": "45.93", "45,93": "45.93", " 45 ": "45.00", "-5": "-5.00", "−5,25": "-5.25", "5,25-": "-5.25", "(12.50)": "-12.50", "(12,50 $)": "-12.50",
		"$1,080.43": "1080.43", "-$3": "-3.00", "$ -3": "-3.00", "1 080,43 $": "1080.43", "1\u202f080,43\u00a0$": "1080.43", "1 234 567": "1234567.00",
		"1.080,43": "1080.43", "1,234,567.8": "1234567.80", ".5": "0.50", ",5": "0.50", "12.": "12.00", "+7,1": "7.10", "0,125": "0.13", "45.930": "45.93", "3 CAD": "3.00",
	} {
		if got, err := legacy.Amount(text); err != nil || got.String() != want {
			t.Errorf("%q is %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", "$", "x", "1,080", "12,345", "1e3", "1 2", "10 80,43", "1.2.3", "1,2,3", "--3", "12€", "NaN", "1/2", "9999999999999", strings.Repeat("1", 70)} {
		if got, err := legacy.Amount(text); err == nil {
			t.Errorf("%q is %s", text, got)
		}
	}
}
