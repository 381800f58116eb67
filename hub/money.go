package hub

import (
	"strings"

	"github.com/shopspring/decimal"
)

// Money is an amount in Canadian dollars, exact. In answers it is a string with
// two places; numbers and strings are read.
type Money struct{ decimal.Decimal }

// Quebec's taxes on services, as fractions of the amount before tax.
var (
	tps = decimal.RequireFromString("0.05")
	tvq = decimal.RequireFromString("0.09975")
)

// Dollars reads an amount ("39.95", "-5").
func Dollars(text string) (Money, error) {
	d, err := decimal.NewFromString(text)
	if err != nil {
		return Money{}, Fail(Invalid, "money-invalid", "This is not an amount.", err)
	}
	return Money{d}, nil
}

// DollarsFloat takes an amount as ERPNext sends it (a JSON number).
func DollarsFloat(f float64) Money { return Money{decimal.NewFromFloat(f)} }

// Plus adds.
func (m Money) Plus(o Money) Money { return Money{m.Add(o.Decimal)} }

// Times multiplies by a quantity.
func (m Money) Times(qty decimal.Decimal) Money { return Money{m.Mul(qty)} }

// Over divides by a whole number, to ten places.
func (m Money) Over(n int64) Money { return Money{m.DivRound(decimal.NewFromInt(n), 10)} }

// Cents rounds to the cent, half away from zero.
func (m Money) Cents() Money { return Money{m.Round(2)} }

// TPS returns the federal tax (5 %) on the amount, rounded to the cent.
func (m Money) TPS() Money { return Money{m.Mul(tps).Round(2)} }

// TVQ returns the Quebec tax (9.975 %) on the amount, rounded to the cent. It is
// computed on the amount before tax, never on top of TPS.
func (m Money) TVQ() Money { return Money{m.Mul(tvq).Round(2)} }

// String gives two places: "9.32".
func (m Money) String() string { return m.StringFixed(2) }

// In writes the amount for people, thousands set apart: "5 817,68 $" in French,
// "$5,817.68" in English. The spaces in it do not break.
func (m Money) In(lang Lang) string {
	whole, cents, _ := strings.Cut(m.Abs().StringFixed(2), ".")
	sign, apart := "", "\u00a0"
	if lang == English {
		apart = ","
	}
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + apart + whole[at:]
	}
	if m.IsNegative() {
		sign = "−"
	}
	if lang == English {
		return sign + "$" + whole + "." + cents
	}
	return sign + whole + "," + cents + "\u00a0$"
}

// MarshalJSON writes the amount as a string with two places.
func (m Money) MarshalJSON() ([]byte, error) { return []byte(`"` + m.StringFixed(2) + `"`), nil }
