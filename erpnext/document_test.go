package erpnext

import (
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	t.Parallel()
	if got := Line(" Installation \n chez  Roy\t"); got != "Installation chez Roy" {
		t.Errorf("Line = %q", got)
	}
	if got := []rune(Line(strings.Repeat("é", 200))); len(got) != 140 || got[139] != '…' {
		t.Errorf("a long line has %d characters", len(got))
	}
}
