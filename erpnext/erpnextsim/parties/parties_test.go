package parties_test

import (
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/parties"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

func TestIntroduce(t *testing.T) {
	t.Parallel()
	set, err := meta.Stock(profile.V16)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ organisation, mail, lead, first, last string }{
		{"Ferme Roy", "", "Ferme Roy", "Ferme", "Roy"},
		{"", "zoe@example.com", "zoe", "zoe", ""},
		{"", "@example.com", "", "", ""}, // the check of addresses refuses it later
		{" ", "", " ", "", ""},
	} {
		d := paper.Blank(set.Get("Lead"))
		d.Set("company_name", c.organisation)
		d.Set("email_id", c.mail)
		if err := parties.Introduce(nil, d); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		if d.Text("lead_name") != c.lead || d.Text("first_name") != c.first || d.Text("last_name") != c.last {
			t.Errorf("%+v: introduced as %q, %q %q", c, d.Text("lead_name"), d.Text("first_name"), d.Text("last_name"))
		}
	}
	if err := parties.Introduce(nil, paper.Blank(set.Get("Lead"))); err == nil {
		t.Error("a lead without any name is taken")
	}
}
