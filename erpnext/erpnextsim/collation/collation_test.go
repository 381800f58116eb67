package collation

import "testing"

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"École", "ecole", 0},
		{"Facture É/2026", "facture e/2026", 0},
		{"a", "a  ", 0},
		{"a", " a", 1},
		{"a", "b", -1},
		{"Œuvre", "oeuvre", 0},
		{"Z", "é", 1},
		{"e\u0301", "e", 0},
		{"cafe\u0301 b", "café B", 0},
		{"ab", "abé", -1},
		{"abé", "ab", 1},
		{"", "  ", 0},
		{"A_", "aZ", -1},
	} {
		if got := Compare(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestLike(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"%", "", true},
		{"", "", true},
		{"a%", "abc", true},
		{"%c", "abc", true},
		{"%b%", "abc", true},
		{"a_c", "abc", true},
		{"a_", "abc", false},
		{"%a%a%", "banana", true},
		{"%ab", "aab", true},
		{"ab", "abc", false},
		{`a\%`, `a\b`, true},
	} {
		if got := like([]rune(c.pattern), []rune(c.s)); got != c.want {
			t.Errorf("%q like %q: %v", c.s, c.pattern, got)
		}
	}
}
