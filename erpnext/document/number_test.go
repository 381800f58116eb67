package document

import (
	"testing"

	"gigafibre.ca/targo-hub/hub"
)

func TestSpelled(t *testing.T) {
	t.Parallel()
	for number, want := range map[hub.Phone]string{
		"+15145550123": "%5%1%4%5%5%5%0%1%2%3%",
		"+33612345678": "%3%6%1%2%3%4%5%6%7%8%", // without the country's first digit: people leave it out
		"+4791234567":  "%4%7%9%1%2%3%4%5%6%7%",
		"12345":        "", "": "",
	} {
		if got := Spelled(number); got != want {
			t.Errorf("%s is looked for as %q, want %q", string(number), got, want)
		}
	}
}

func TestHasPhoneAndMail(t *testing.T) {
	t.Parallel()
	c := Customer{
		CellPhone: "(514) 555-0123 ou 514-555-0124", MobileNo: "1 450 555 0125", TelHome: "450.555.0126 poste 7; 819 555-0127",
		EmailBilling: "Ann@example.com; bureau@example.com", EmailID: "<ann@example.net>",
	}
	for number, want := range map[hub.Phone]bool{
		"+15145550123": true, "+15145550124": true, "+14505550125": true, "+14505550126": true, "+18195550127": true,
		"+15145550125": false, "+15550123": false, "+7": false, "": false,
	} {
		if got := c.HasPhone(number); got != want {
			t.Errorf("%s: %v, want %v", string(number), got, want)
		}
	}
	for address, want := range map[string]bool{
		"ann@example.com": true, "BUREAU@example.com": true, "ann@example.net": true, "nn@example.com": false, "": false,
	} {
		if got := c.HasMail(address); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}
