package intake_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/dispatch/intake"
)

func TestParseKinds(t *testing.T) {
	t.Parallel()
	kinds, err := intake.ParseKinds(" Panne = Repair:1.5: fusion + fibre ,Déménagement=Move:2,Visite=Survey,")
	if err != nil {
		t.Fatal(err)
	}
	for issue, want := range map[string]intake.Kind{
		"Panne":        {JobType: "Repair", Hours: 1.5, Tags: []string{"fusion", "fibre"}},
		"PANNE ":       {JobType: "Repair", Hours: 1.5, Tags: []string{"fusion", "fibre"}},
		"déménagement": {JobType: "Move", Hours: 2},
		"Visite":       {JobType: "Survey", Hours: 1},
		"removal":      {JobType: "Removal", Hours: 1},
		"":             {JobType: "Repair", Hours: 1},
		"Facturation":  {JobType: "Repair", Hours: 1},
	} {
		if diff := cmp.Diff(want, kinds.Of(issue)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", issue, diff)
		}
	}
	if groups := []string{kinds.Of("Visite").Group(), kinds.Of("TV").Group(), kinds.Of("Panne").Group()}; !cmp.Equal(groups, []string{"Fibre", "Support", "Installation"}) {
		t.Errorf("groups %q", groups)
	}
	for _, text := range []string{"Panne", "=Repair", "Panne=Dream", "Panne=", "Panne=Repair:x", "Panne=Repair:0", "Panne=Repair:-1", "Panne=Repair:25", "Panne=Repair:NaN", "Panne=Repair:1:a:b"} {
		if _, err := intake.ParseKinds(text); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}
