package meta

import (
	"math"
	"strconv"
	"strings"
)

// Int reads a value as a whole number the lenient way: text is parsed, anything
// else that makes no sense is 0.
func Int(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case int:
		return int64(v)
	case bool:
		if v {
			return 1
		}
		return 0
	case float64, string:
		return int64(math.Trunc(Float(v)))
	}
	return 0
}

// Float reads a value as a number the lenient way; thousands separators in text
// are dropped.
func Float(v any) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case int64:
		return float64(v)
	case int:
		return float64(v)
	case bool:
		return float64(Int(v))
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(strings.ReplaceAll(v, ",", "")), 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return 0
		}
		return f
	}
	return 0
}

// Text reads a value as text; nil is "".
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(v, 10)
	case int:
		return strconv.Itoa(v)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1e16 {
			return strconv.FormatFloat(v, 'f', 1, 64)
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return ""
}

// OrNil is the text, or nil where it is empty: a value that was not given.
func OrNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// Falsy tells whether Python would take the value for false.
func Falsy(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case int64:
		return v == 0
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}
