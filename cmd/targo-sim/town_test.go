package main

import (
	"encoding/json"
	"fmt"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-sim/front"
	"gigafibre.ca/targo-hub/cmd/targo-sim/town"
	"gigafibre.ca/targo-hub/cmd/targo-sim/town/round"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/barcode"
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

// decline says no to a quotation in the running ERPNext.
func (u *up) decline(t *testing.T, name string) {
	t.Helper()
	body := strings.NewReader(`{"run_method": "declare_enquiry_lost", "lost_reasons_list": [], "detailed_reason": "prix"}`)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, u.env["TARGO_ERPNEXT_URL"]+"/api/resource/Quotation/"+name, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "token "+u.env["TARGO_ERPNEXT_API_KEY"]+":"+u.env["TARGO_ERPNEXT_API_SECRET"])
	req.Header.Set("Content-Type", "application/json")
	res, err := u.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("declining %s: %d", name, res.StatusCode)
	}
}

// checkStates looks for every kind of quotation in every state, and that ERPNext
// sees each as the town means it.
func checkStates(t *testing.T, u *up) {
	t.Helper()
	docs, today, month := u.docs(t, "Quotation"), time.Now().AddDate(0, 0, -1).Format(time.DateOnly), time.Now().AddDate(0, 0, 28).Format(time.DateOnly)
	if len(docs) != len(town.Offers()) {
		t.Fatalf("%d quotations, want %d", len(docs), len(town.Offers()))
	}
	seen, toSign := map[string]bool{}, 0
	for i, o := range town.Offers() {
		seen[o.Kind+" "+o.State] = true
		d := docs[i]
		ends := fmt.Sprint(d["valid_till"]) < today
		is := map[string]bool{
			town.Draft: d["docstatus"] == 0.0, town.Open: d["status"] == "Open" && d["custom_accepted_at"] == nil, town.Expired: ends && d["status"] == "Expired", town.Lost: d["status"] == "Lost",
			town.Ordered: d["status"] == "Ordered", town.Cancelled: d["docstatus"] == 2.0, town.Accepted: d["custom_accepted_at"] != nil,
		}
		if o.Kind == town.Commercial && is[town.Open] && fmt.Sprint(d["valid_till"]) > month {
			toSign++
		}
		if !is[o.State] || o.State != town.Expired && ends || d["custom_quote_type"] != o.Kind {
			t.Errorf("%v (%s, %s): status %v, docstatus %v, valid until %v", d["name"], o.Kind, o.State, d["status"], d["docstatus"], d["valid_till"])
		}
	}
	if toSign < 8 {
		t.Errorf("%d commercial quotations can be signed for a month; the README's story needs one each time", toSign)
	}
	for _, kind := range []string{town.Residential, town.Commercial, town.Project} {
		for _, state := range []string{town.Draft, town.Open, town.Expired, town.Lost, town.Ordered, town.Cancelled, town.Accepted} {
			if !seen[kind+" "+state] {
				t.Errorf("no %s quotation is %s", kind, state)
			}
		}
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
	if len(customers) != town.Customers || legacy < 5 || english < 3 || twice != 1 || unreachable != 1 {
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

// checkDay looks for a technician's full day, with its way in and its trouble.
func checkDay(t *testing.T, u *up) {
	t.Helper()
	today, byDay, kinds := time.Now().In(hub.Local()).Format(time.DateOnly), map[int]int{}, map[any]bool{}
	for _, job := range u.docs(t, "Dispatch Job") {
		if job["assigned_tech"] == u.env["TARGO_DEMO_TECHNICIAN"] {
			byDay[strings.Compare(fmt.Sprint(job["scheduled_date"]), today)]++
			kinds[job["job_type"]] = true
		}
	}
	notes := 0
	for _, place := range u.docs(t, "Service Location") {
		if text, _ := place["access_notes"].(string); text != "" {
			notes++
		}
	}
	van, taken := 0, false
	for _, device := range u.docs(t, "Service Equipment") {
		if device["held_by_technician"] == u.env["TARGO_DEMO_TECHNICIAN"] && device["status"] == "inventory" {
			van++
		}
		taken = taken || device["serial_number"] == round.Taken && device["status"] == "active"
	}
	if byDay[0] != 4 || byDay[-1] != 1 || byDay[1] != 2 || len(kinds) < 3 || notes < 4 || van < 4 || !taken {
		t.Errorf("%v visits by day, %d kinds of work, %d notes on the way in, %d devices in the van, one in use elsewhere: %v", byDay, len(kinds), notes, van, taken)
	}
	if link := u.env["TARGO_DEMO_TECH_LINK"]; !strings.HasPrefix(link, u.env["TARGO_PUBLIC_URL"]+"/j/") || !strings.Contains(u.out.String(), link) {
		t.Errorf("the technician's link is not told")
	}
}

// TestLabelsOfTheTownAreRead scans what the front page offers, as the hub does.
func TestLabelsOfTheTownAreRead(t *testing.T) {
	t.Parallel()
	for _, serial := range town.Labels() {
		shown := httptest.NewRecorder()
		page, err := front.New(front.Options{Client: http.DefaultClient})
		if err != nil {
			t.Fatal(err)
		}
		page.ServeHTTP(shown, httptest.NewRequest(http.MethodGet, "/labels/"+serial, nil))
		picture, err := jpeg.Decode(shown.Body)
		if err != nil {
			t.Fatal(err)
		}
		codes, err := barcode.Decode(t.Context(), picture)
		if err != nil || len(codes) != 1 || codes[0].Value != serial {
			t.Errorf("the label of %s reads %+v, %v", serial, codes, err)
		}
	}
}
