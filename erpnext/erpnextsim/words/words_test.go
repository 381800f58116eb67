package words_test

import (
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/words"
)

func TestMoney(t *testing.T) {
	t.Parallel()
	for amount, want := range map[float64]string{
		0:          "CAD Zero only.",
		0.05:       "Five Cent only.",
		60:         "CAD Sixty only.",
		59.95:      "CAD Fifty Nine and Ninety Five Cent only.",
		115:        "CAD One Hundred And Fifteen only.",
		1005:       "CAD One Thousand And Five only.",
		1234:       "CAD One Thousand, Two Hundred And Thirty Four only.",
		1000000.10: "CAD One Million and Ten Cent only.",
		-1:         "",
	} {
		if got := words.Money(amount, "CAD", "Cent"); got != want {
			t.Errorf("%v: %q, want %q", amount, got, want)
		}
	}
}
