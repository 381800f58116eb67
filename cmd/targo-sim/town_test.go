package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

func newSite(t *testing.T) *erpnextsim.Site {
	t.Helper()
	site, err := erpnextsim.New(erpnextsim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = site.Close() })
	fixtures, err := erpnext.Fixtures()
	if err != nil {
		t.Fatal(err)
	}
	if err := site.Import(fixtures); err != nil {
		t.Fatal(err)
	}
	return site
}

func TestTownHasEveryKindInEveryState(t *testing.T) {
	t.Parallel()
	site, now := newSite(t), time.Now()
	town, err := fillTown(site, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{residential, commercial, project} {
		for _, state := range []string{draft, open, expired, lost, ordered, cancelled, accepted} {
			if len(town.of(kind, state)) == 0 {
				t.Errorf("no %s quotation is %s", kind, state)
			}
		}
	}
	for _, o := range town.quotes {
		d, err := site.Doc("Quotation", o.name)
		if err != nil {
			t.Fatal(err)
		}
		ends := fmt.Sprint(d["valid_till"]) < now.Format(time.DateOnly)
		is := map[string]bool{
			draft: d["docstatus"] == int64(0), open: d["status"] == "Open" && d["custom_accepted_at"] == nil, expired: ends, lost: d["status"] == "Lost",
			ordered: d["status"] == "Ordered", cancelled: d["docstatus"] == int64(2), accepted: d["custom_accepted_at"] != nil,
		}
		if !is[o.state] || o.state != expired && ends || d["custom_quote_type"] != o.kind {
			t.Errorf("%s: status %v, docstatus %v, valid until %v", o, d["status"], d["docstatus"], d["valid_till"])
		}
	}
}

func TestTownsTaxesAreThoseOfQuebec(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	town, err := fillTown(site, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	d, err := site.Doc("Quotation", town.of(residential, open)[0]) // 39.95 a month and 240.00 once
	if err != nil {
		t.Fatal(err)
	}
	var taxes []string
	for _, each := range d["taxes"].([]any) {
		row := each.(map[string]any)
		taxes = append(taxes, fmt.Sprintf("%v %.2f", row["account_head"], row["tax_amount"]))
	}
	if diff := cmp.Diff([]string{"TPS - T 14.00", "TVQ - T 27.93"}, taxes); diff != "" || fmt.Sprint(d["grand_total"]) != "321.88" {
		t.Errorf("total %v, %s", d["grand_total"], diff)
	}
}

// Nobody in the town can be a real person's number or mail address.
func TestTownsPeopleAreInvented(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	if _, err := fillTown(site, time.Now()); err != nil {
		t.Fatal(err)
	}
	customers, err := site.All("Customer", nil)
	if err != nil {
		t.Fatal(err)
	}
	number := regexp.MustCompile(`^(\+1\d{3}|\(\d{3}\) )555-?01\d\d$`)
	legacy, english, shared, unreachable := 0, 0, map[any]int{}, 0
	for _, c := range customers {
		for _, key := range []string{"mobile_no", "cell_phone", "tel_home"} {
			if v, _ := c[key].(string); v != "" && !number.MatchString(v) {
				t.Errorf("%s of %s is not an invented number", key, c["name"])
			}
		}
		for _, key := range []string{"email_id", "email_billing"} {
			if v, _ := c[key].(string); v != "" && !strings.HasSuffix(v, "@example.com") && !strings.HasSuffix(v, "@example.ca") {
				t.Errorf("%s of %s is not an invented address", key, c["name"])
			}
		}
		has := func(key string) bool { v, _ := c[key].(string); return v != "" }
		switch {
		case has("cell_phone") && !has("mobile_no") && has("email_billing") && !has("email_id"):
			legacy++
		case !has("mobile_no") && !has("tel_home"):
			unreachable++
		}
		if has("mobile_no") {
			shared[c["mobile_no"]]++
		}
		if c["language"] == "en" {
			english++
		}
	}
	twice := 0
	for _, n := range shared {
		if n > 1 {
			twice++
		}
	}
	if len(customers) != customerCount || legacy < 5 || english < 3 || twice != 1 || unreachable != 1 {
		t.Errorf("%d customers, %d legacy, %d English, %d shared numbers, %d unreachable", len(customers), legacy, english, twice, unreachable)
	}
}

// recorder keeps what is put, in order, and gives names by itself.
type recorder struct{ docs []string }

func (r *recorder) Put(doctype string, d map[string]any) (string, error) {
	r.docs = append(r.docs, fmt.Sprint(doctype, d))
	return fmt.Sprintf("%s-%d", doctype, len(r.docs)), nil
}

func (r *recorder) Import(raw []byte) error {
	r.docs = append(r.docs, string(raw))
	return nil
}

func TestSameDayGivesTheSameTown(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 4, 20, 14, 0, 0, 0, time.UTC)
	var first, second, later recorder
	for r, now := range map[*recorder]time.Time{&first: at, &second: at, &later: at.AddDate(0, 0, 1)} {
		if _, err := fillTown(r, now); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(first.docs, second.docs); diff != "" {
		t.Errorf("the town differs: %s", diff)
	}
	if len(later.docs) != len(first.docs) || cmp.Equal(first.docs, later.docs) {
		t.Error("the next day's town has the same dates, or another size")
	}
}
