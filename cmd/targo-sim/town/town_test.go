package town

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The first quotation is 39.95 a month and 240.00 once.
func TestTaxesAreThoseOfQuebec(t *testing.T) {
	t.Parallel()
	one := Town{customers: make([]customer, 1), today: time.Now()}
	d := one.quotation(Offers()[0])
	var taxes []string
	for _, each := range d["taxes"].([]any) {
		taxes = append(taxes, fmt.Sprintf("%v %.2f", each.(doc)["account_head"], each.(doc)["tax_amount"]))
	}
	if diff := cmp.Diff([]string{"TPS - T 14.00", "TVQ - T 27.93"}, taxes); diff != "" || d["grand_total"] != 321.88 {
		t.Errorf("total %v, %s", d["grand_total"], diff)
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

func (r *recorder) Nightly() error { return nil }

func TestSameDayGivesTheSameTown(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 4, 20, 14, 0, 0, 0, time.UTC)
	var first, second, later recorder
	for r, now := range map[*recorder]time.Time{&first: at, &second: at, &later: at.AddDate(0, 0, 1)} {
		if _, err := Fill(r, now); err != nil {
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
