package bill

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// amounts are the members that hold numbers.
var amounts = []string{"subtotal", "gst", "qst", "other_taxes", "shipping", "total", "qty", "unit_price", "amount"}

// numbered turns amounts that came as they are printed ("1 234,56 $") into numbers;
// anything else stays as it is.
func numbered(raw json.RawMessage) (json.RawMessage, error) {
	reader := json.NewDecoder(bytes.NewReader(raw))
	reader.UseNumber()
	var doc map[string]any
	if err := reader.Decode(&doc); err != nil {
		return nil, err
	}
	plainly(doc)
	if lines, ok := doc["lines"].([]any); ok {
		for _, line := range lines {
			if members, ok := line.(map[string]any); ok {
				plainly(members)
			}
		}
	}
	return json.Marshal(doc)
}

func plainly(members map[string]any) {
	for name, value := range members {
		if text, ok := value.(string); ok && slices.Contains(amounts, name) {
			members[name] = json.RawMessage(`"` + number(text) + `"`)
		}
	}
}

var numeral = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// number reads an amount as people print it in both languages: "1 234,56 $",
// "$1,234.56", "(5.00)", "5,00-". What is none is "none", which no number is.
func number(text string) string {
	minus := false
	digits := strings.Map(func(c rune) rune {
		switch {
		case c >= '0' && c <= '9', c == '.', c == ',':
			return c
		case c == '-', c == '−', c == '(':
			minus = true
			return -1
		case c == ')', c == '$', c == '\'', unicode.IsSpace(c):
			return -1
		}
		return 'x'
	}, strings.TrimSuffix(strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(text)), "CAD"), "CAD"))
	if digits == "" {
		return "0"
	}
	if point := strings.LastIndexAny(digits, ".,"); point >= 0 {
		mark, rest := digits[point:point+1], digits[point+1:]
		thousands := strings.Count(digits, mark) > 1 || mark == "," && len(rest) == 3 && !strings.Contains(digits, ".")
		digits = strings.NewReplacer(".", "", ",", "").Replace(digits[:point])
		switch {
		case thousands:
			digits += rest
		case digits == "":
			digits = "0." + rest
		case rest != "":
			digits += "." + rest
		}
	}
	if minus {
		digits = "-" + digits
	}
	if !numeral.MatchString(digits) {
		return "none"
	}
	return digits
}

// date brings a day that can only be read one way into YYYY-MM-DD; any other text
// stays as it is.
func date(text string) string {
	for _, form := range []string{time.DateOnly, "2006/1/2", "2006.1.2", "2006-1-2", "20060102", time.RFC3339, "2 January 2006", "January 2, 2006", "Jan 2, 2006"} {
		if day, err := time.Parse(form, text); err == nil {
			return day.Format(time.DateOnly)
		}
	}
	return text
}

// currency gives the ISO code of what is printed.
func currency(text string) string {
	switch text = strings.ToUpper(strings.ReplaceAll(text, " ", "")); text {
	case "", "$", "CA$", "C$", "CAN$", "CAD$", "$CA", "$CAN", "$CAD", "CDN", "CDN$", "CAN":
		return "CAD"
	case "US$", "USD$", "$US", "$USD", "U.S.$":
		return "USD"
	case "€":
		return "EUR"
	}
	return text
}
