package form

import (
	"strings"

	"gigafibre.ca/targo-hub/hub/keep"
)

// Match tells whether a filter lets a job through.
func Match(f keep.Filter, j *keep.Job) bool {
	for _, m := range [...][2]string{
		{string(f.Status), string(j.Status)},
		{f.State, j.State},
		{f.Lane, j.Lane},
		{f.Dedupe, j.Dedupe},
		{f.Customer, j.Subject.Customer},
		{f.Doctype, j.Subject.Doctype},
		{f.Name, j.Subject.Name},
	} {
		if m[0] != "" && m[0] != m[1] {
			return false
		}
	}
	family := strings.HasSuffix(f.Kind, ".") && strings.HasPrefix(j.Kind, f.Kind)
	if f.Kind != "" && f.Kind != j.Kind && !family {
		return false
	}
	return !j.Created.Before(f.Since) && (f.Text == "" || hasText(f.Text, j))
}

func hasText(text string, j *keep.Job) bool {
	text = strings.ToLower(text)
	for _, place := range [...]string{j.Dedupe, j.Note, j.Subject.Name, j.Subject.Customer} {
		if strings.Contains(strings.ToLower(place), text) {
			return true
		}
	}
	return false
}
