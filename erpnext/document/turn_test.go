package document

import (
	"slices"
	"testing"
)

// TestTurnsFollowTheHour whatever the places in the route are; the order is total.
func TestTurnsFollowTheHour(t *testing.T) {
	t.Parallel()
	day := []Turn{
		{"2026-11-23", "8:00:00", 9, "c"}, {"2026-11-23", "09:30", 1, "d"},
		{"2026-11-23", "09:30:00", 2, "e"}, {"2026-11-23", "16:30:00", 0, "f"},
		{"2026-11-23", "", 1, "a"}, {"2026-11-23", "", 2, "b"}, {"2026-11-24", "7:00:00", 0, "g"},
	}
	for i, a := range day {
		for j, b := range day {
			if got, want := a.Compare(b), map[bool]int{true: -1, false: 1}[i < j]; i != j && got != want || i == j && got != 0 {
				t.Errorf("%+v beside %+v: %d", a, b, got)
			}
		}
	}
	mixed := slices.Clone(day)
	slices.Reverse(mixed)
	slices.SortFunc(mixed, Turn.Compare)
	if !slices.Equal(mixed, day) {
		t.Errorf("%+v", mixed)
	}
}
