package bill_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub/contract/bill"
)

// TestTaxesAreTheLaws compares what ERPNext stores, which rounds half to even,
// with exact fractions rounded half up, at sums where the two differ and others.
func TestTaxesAreTheLaws(t *testing.T) {
	t.Parallel()
	o := open(t, erpnextsim.V16)
	dice := rand.New(rand.NewPCG(2026, 4))
	sums := []string{"20", "60", "100", "140", "0.10", "0.30", "0.50", "2.10", "39.95", "9.32", "0.01"}
	for range 25 {
		sums = append(sums, decimal.New(dice.Int64N(40000)+1, -2).String())
	}
	for i, net := range sums {
		wish := order(net)
		wish.Key = bill.Key("SUB-1", "2026-04-24", fmt.Sprint("tax", i))
		invoice, _, err := o.desk.Make(t.Context(), wish)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{cents(net, 5, 100), cents(net, 9975, 100000)}
		got := []string{invoice.Taxes[0].TaxAmount.String(), invoice.Taxes[1].TaxAmount.String()}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("taxes on %s (-law +stored):\n%s", net, diff)
		}
	}
}

func cents(net string, num, denom int64) string {
	r, _ := new(big.Rat).SetString(net)
	r.Mul(r, big.NewRat(num*100, denom)).Add(r, big.NewRat(1, 2))
	return decimal.NewFromBigInt(new(big.Int).Quo(r.Num(), r.Denom()), -2).StringFixed(2)
}
