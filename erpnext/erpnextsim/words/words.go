// Package words writes amounts in English words, as documents of the ERPNext
// simulator carry them beside their totals.
package words

import (
	"fmt"
	"math"
	"strings"
)

// Money is an amount in a currency, for example "CAD Sixty and Five Cent only.".
// cent is the name of the currency's fraction. A negative amount has no words.
func Money(amount float64, currency, cent string) string {
	if amount < 0 {
		return ""
	}
	all := int64(math.Round(amount * 100))
	whole, fraction := all/100, all%100
	switch {
	case all == 0:
		return currency + " Zero only."
	case whole == 0:
		return title(number(fraction)) + " " + cent + " only."
	case fraction == 0:
		return fmt.Sprintf("%s %s only.", currency, title(number(whole)))
	}
	return fmt.Sprintf("%s %s and %s %s only.", currency, title(number(whole)), title(number(fraction)), cent)
}

// number spells a positive whole number below a quadrillion.
func number(n int64) string {
	out := ""
	for _, scale := range []struct {
		size int64
		name string
	}{{1e12, " trillion"}, {1e9, " billion"}, {1e6, " million"}, {1e3, " thousand"}, {1, ""}} {
		part := n / scale.size
		n %= scale.size
		switch {
		case part == 0:
			continue
		case out == "":
		case scale.size == 1 && part < 100:
			out += " and "
		default:
			out += ", "
		}
		out += hundreds(part) + scale.name
	}
	return out
}

// hundreds spells 1 to 999.
func hundreds(n int64) string {
	units := strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	tens := strings.Fields("- - twenty thirty forty fifty sixty seventy eighty ninety")
	switch {
	case n >= 100 && n%100 == 0:
		return units[n/100] + " hundred"
	case n >= 100:
		return units[n/100] + " hundred and " + hundreds(n%100)
	case n < 20:
		return units[n]
	case n%10 == 0:
		return tens[n/10]
	}
	return tens[n/10] + " " + units[n%10]
}

func title(text string) string {
	parts := strings.Split(text, " ")
	for i, p := range parts {
		if p != "" {
			parts[i] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, " ")
}
