package billing_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/billing"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

// TestCompare lines up what we would bill with what the former system billed.
func TestCompare(t *testing.T) {
	t.Parallel()
	o := open(t)
	ann, bob := o.town()
	for _, test := range []struct {
		query, table string
		equal        int
		want         []string // customer hub legacy difference
	}{
		{"", "customer,amount\n" + ann + ",94.32\n\"" + strings.ReplaceAll(bob, `"`, `""`) + "\",-14.38\n", 2, nil},
		{"", "\ufeffAmount;Other;Customer\r\n90,00;x;" + ann + "\r\n4.35;y;" + ann + "\r\n10;z;Nobody\r\n", 0, []string{
			bob + " -14.38 0.00 -14.38 legacy", ann + " 94.33 94.35 -0.02", "Nobody 0.00 10.00 -10.00 hub",
		}},
		{"?of=subtotal&month=2026-05", "customer,amount\n" + ann + ",82.05\n", 1, []string{bob + " -12.50 0.00 -12.50 legacy"}},
	} {
		status, body := o.ask(hub.RoleService, "POST", "/billing/compare"+test.query, test.table)
		var c billing.Comparison
		if err := json.Unmarshal([]byte(body), &c); status != 200 || err != nil {
			t.Fatalf("%d %s, %v", status, body, err)
		}
		var got []string
		for _, d := range c.Differences {
			got = append(got, strings.TrimSpace(d.Customer+" "+d.Hub.String()+" "+d.Legacy.String()+" "+d.More.String()+" "+d.Missing))
		}
		if diff := cmp.Diff(test.want, got); diff != "" || c.Equal != test.equal || c.Month != "2026-05" || c.Tolerance != "0.01" || c.Encoding != "utf-8" ||
			c.Different != len(got) || c.OnlyHub != strings.Count(strings.Join(got, "\n"), "legacy") || c.OnlyLegacy != strings.Count(strings.Join(got, "\n"), " hub") {
			t.Errorf("%s: %+v\n%s", test.query, c, diff)
		}
	}
	if o.writes.Load() != 0 {
		t.Errorf("a comparison wrote %d times", o.writes.Load())
	}
}

// TestCompareWithItself: the hub's own table agrees with the report, as it is and
// as a spreadsheet saves it here.
func TestCompareWithItself(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.town()
	elise, place := o.customer("Élise Côté", nil)
	o.service(elise, place, "Fibre 500", "1234.50", nil)
	for _, query := range []string{"?sep=semicolon", "?sep=comma"} {
		_, table := o.ask(hub.RoleStaff, "GET", "/billing/dry-run.csv"+query, "")
		saved, err := charmap.Windows1252.NewEncoder().String(strings.TrimPrefix(table, "\ufeff"))
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range []string{"total", "subtotal"} {
			for encoding, body := range map[string]string{"utf-8": table, "windows-1252": saved} {
				c := o.compare("?of="+of, body)
				if c.Different != 0 || c.Equal != 3 || c.Encoding != encoding || !c.Hub.Equal(c.Legacy.Decimal) {
					t.Errorf("%s of %s, %s: %+v", query, of, encoding, c)
				}
			}
		}
	}
}

func (o *office) compare(query, table string) (c billing.Comparison) {
	o.t.Helper()
	status, body := o.ask(hub.RoleStaff, "POST", "/billing/compare"+query, table)
	if err := json.Unmarshal([]byte(body), &c); status != 200 || err != nil {
		o.t.Fatalf("%d %s, %v", status, body, err)
	}
	return c
}

// TestCompareSortsAsPeopleDo: É beside E, whatever the case.
func TestCompareSortsAsPeopleDo(t *testing.T) {
	t.Parallel()
	o := open(t)
	var got []string
	for _, d := range o.compare("", "Client;Montant\nZoé;1\nÉmile;2\nemma;3\nEve;4\nCôté;5\nCote;6\nCoté;7\n").Differences {
		got = append(got, d.Customer)
	}
	if diff := cmp.Diff([]string{"Cote", "Coté", "Côté", "Émile", "emma", "Eve", "Zoé"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestCompareTakesTablesOnly refuses what says that it is something else.
func TestCompareTakesTablesOnly(t *testing.T) {
	t.Parallel()
	o := open(t)
	for kind, want := range map[string]int{"application/json": 415, "multipart/form-data; boundary=x": 415, "": 200, "text/csv; charset=utf-8": 200, "application/vnd.ms-excel": 200} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.hub.URL+"/billing/compare", strings.NewReader("customer,amount\nC,1\n"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(hubtest.RoleHeader, string(hub.RoleStaff))
		r.Header.Set("Content-Type", kind)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%q: %d", kind, resp.StatusCode)
		}
	}
}
