package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// docs reads all documents of a doctype from the running ERPNext, in the order
// of their names.
func (u *up) docs(t *testing.T, doctype string) []map[string]any {
	t.Helper()
	erp := "token " + u.env["TARGO_ERPNEXT_API_KEY"] + ":" + u.env["TARGO_ERPNEXT_API_SECRET"]
	address := u.env["TARGO_ERPNEXT_URL"] + "/api/resource/" + doctype + `?fields=["*"]&limit_page_length=500&order_by=name`
	_, body := u.get(t, strings.ReplaceAll(address, " ", "%20"), erp)
	var out struct{ Data []map[string]any }
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		t.Fatal(err)
	}
	return out.Data
}

// checkStates looks for every kind of quotation in every state, and that ERPNext
// sees each as the town means it.
func checkStates(t *testing.T, u *up) {
	t.Helper()
	docs, today := u.docs(t, "Quotation"), time.Now().AddDate(0, 0, -1).Format(time.DateOnly)
	if len(docs) != len(offers()) {
		t.Fatalf("%d quotations, want %d", len(docs), len(offers()))
	}
	seen := map[string]bool{}
	for i, o := range offers() {
		seen[o.kind+" "+o.state] = true
		d := docs[i]
		ends := fmt.Sprint(d["valid_till"]) < today
		is := map[string]bool{
			draft: d["docstatus"] == 0.0, open: d["status"] == "Open" && d["custom_accepted_at"] == nil, expired: ends, lost: d["status"] == "Lost",
			ordered: d["status"] == "Ordered", cancelled: d["docstatus"] == 2.0, accepted: d["custom_accepted_at"] != nil,
		}
		if !is[o.state] || o.state != expired && ends || d["custom_quote_type"] != o.kind {
			t.Errorf("%v, %s: status %v, docstatus %v, valid until %v", d["name"], o, d["status"], d["docstatus"], d["valid_till"])
		}
	}
	for _, kind := range []string{residential, commercial, project} {
		for _, state := range []string{draft, open, expired, lost, ordered, cancelled, accepted} {
			if !seen[kind+" "+state] {
				t.Errorf("no %s quotation is %s", kind, state)
			}
		}
	}
}

// The first quotation is 39.95 a month and 240.00 once.
func TestTaxesAreThoseOfQuebec(t *testing.T) {
	t.Parallel()
	town := town{customers: make([]customer, 1), today: time.Now()}
	d := town.quotation(offers()[0])
	var taxes []string
	for _, each := range d["taxes"].([]any) {
		taxes = append(taxes, fmt.Sprintf("%v %.2f", each.(doc)["account_head"], each.(doc)["tax_amount"]))
	}
	if diff := cmp.Diff([]string{"TPS - T 14.00", "TVQ - T 27.93"}, taxes); diff != "" || d["grand_total"] != 321.88 {
		t.Errorf("total %v, %s", d["grand_total"], diff)
	}
}

// checkPeople makes sure that no number or mail address can be a real person's,
// and that the odd cases are there.
func checkPeople(t *testing.T, u *up) {
	t.Helper()
	customers := u.docs(t, "Customer")
	legacy, english, shared, unreachable := 0, 0, map[any]int{}, 0
	for _, c := range customers {
		checkInvented(t, c)
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

// checkInvented refuses numbers outside of 555-01xx and addresses outside of the
// domains for examples.
func checkInvented(t *testing.T, c map[string]any) {
	t.Helper()
	number := regexp.MustCompile(`^(\+1\d{3}|\(\d{3}\) )555-?01\d\d$`)
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
