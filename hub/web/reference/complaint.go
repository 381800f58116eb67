package reference

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const missing = "expected required property "

// Complaint puts huma's complaint about one value into ours. It names the wrong value: members of the body by their JSON pointer
// ("/lines/0/qty"), others by where they stand ("query/limit").
func Complaint(d *huma.ErrorDetail) (pointer, detail string) {
	pointer = strings.NewReplacer("[", "/", "].", "/", "]", "", ".", "/").Replace(d.Location)
	if rest, ok := strings.CutPrefix(pointer, "body"); ok {
		pointer = rest
	}
	if name, ok := strings.CutPrefix(d.Message, missing); ok {
		name, _, _ = strings.Cut(name, " to be present")
		return pointer + "/" + name, "is required"
	}
	return pointer, safeDetail(d.Message)
}

// safeDetail keeps messages that speak of the rule and cuts what follows a
// colon, where the parsers of dates, addresses and numbers quote their input.
func safeDetail(message string) string {
	rule, _, _ := strings.Cut(message, ": ")
	for _, start := range []string{"expected ", "required ", "unexpected ", "invalid "} {
		if strings.HasPrefix(rule, start) {
			return rule
		}
	}
	return "is not valid"
}

// Money documents an amount: a decimal string, or a number as old clients send it.
type Money struct{}

// Schema says what is read and written.
func (Money) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Description: "Canadian dollars; written as a string with two places",
		Examples:    []any{"39.95"},
		OneOf: []*huma.Schema{
			{Type: huma.TypeString, Pattern: `^-?[0-9]+(\.[0-9]+)?$`},
			{Type: huma.TypeNumber},
		},
	}
}
