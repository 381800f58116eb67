package crew

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
)

// Limits of a call.
const (
	mostJobs    = 100
	mostHelpers = 10
	mostHours   = 24
	mostOrder   = 9999
)

// Assignment is a wish as it comes in. It is exported for the description of the
// route, which looks at no other members.
type Assignment struct {
	Job        string          `json:"job,omitempty" maxLength:"140"`
	Technician json.RawMessage `json:"technician,omitempty" doc:"name of the technician; null for nobody"`
	Date       *string         `json:"date,omitempty" doc:"YYYY-MM-DD"`
	Start      *string         `json:"start_time,omitempty" doc:"HH:MM or HH:MM:SS; empty when the hour is open"`
	Duration   *float64        `json:"duration_h,omitempty" doc:"hours, above 0 and at most 24"`
	Order      *int            `json:"route_order,omitempty"`
	Group      *string         `json:"group,omitempty" maxLength:"140"`
	Pinned     *bool           `json:"pinned,omitempty" doc:"no plan moves the job"`
	Assistants *[]string       `json:"assistants,omitempty" doc:"all of them; never the technician himself"`
	Modified   string          `json:"modified,omitempty" maxLength:"40" doc:"as the board showed it"`
}

type assignInput struct {
	Body struct {
		Assignment
		Jobs  []Assignment `json:"jobs,omitempty" doc:"several jobs at once, at most 100"`
		Force bool         `json:"force,omitempty" doc:"also what is pinned or under way"`
	}
}

func (in *assignInput) wishes() ([]Wish, bool, error) {
	all, at := in.Body.Jobs, "jobs/%d/"
	switch {
	case in.Body.Job != "" && len(all) > 0:
		return nil, false, invalid("jobs", "either one job or several")
	case in.Body.Job != "":
		all, at = []Assignment{in.Body.Assignment}, ""
	}
	wishes := make([]Wish, 0, len(all))
	for i, a := range all {
		prefix := at
		if at != "" {
			prefix = fmt.Sprintf(at, i)
		}
		w, err := a.wish(prefix)
		if err != nil {
			return nil, false, err
		}
		wishes = append(wishes, w)
	}
	return wishes, in.Body.Force, distinct(wishes)
}

type unassignInput struct {
	Body struct {
		Job      string   `json:"job,omitempty" maxLength:"140"`
		Modified string   `json:"modified,omitempty" maxLength:"40" doc:"as the board showed it, of the one job"`
		Jobs     []string `json:"jobs,omitempty" doc:"several jobs at once, at most 100"`
		Force    bool     `json:"force,omitempty" doc:"also what is pinned"`
	}
}

func (in *unassignInput) wishes() ([]Wish, error) {
	names := in.Body.Jobs
	switch {
	case in.Body.Job != "" && len(names) > 0:
		return nil, invalid("jobs", "either one job or several")
	case in.Body.Job != "":
		names = []string{in.Body.Job}
	}
	nobody, wishes := "", make([]Wish, 0, len(names))
	for _, name := range names {
		wishes = append(wishes, Wish{Job: name, Fields: ledger.Fields{Technician: &nobody}, Modified: in.Body.Modified})
	}
	return wishes, distinct(wishes)
}

// distinct refuses a call without jobs, with too many, and with one twice.
func distinct(wishes []Wish) error {
	seen := map[string]bool{}
	for _, w := range wishes {
		if w.Job == "" || seen[w.Job] {
			return invalid("jobs", "every job is named, and once")
		}
		seen[w.Job] = true
	}
	switch {
	case len(wishes) == 0:
		return invalid("job", "which job?")
	case len(wishes) > mostJobs:
		return invalid("jobs", fmt.Sprintf("at most %d", mostJobs))
	}
	return nil
}

// wish reads an assignment; at is where it stands in the body.
func (a Assignment) wish(at string) (Wish, error) {
	w := Wish{Job: strings.TrimSpace(a.Job), Modified: a.Modified, Fields: ledger.Fields{
		Duration: a.Duration, Order: a.Order, Group: a.Group, Pinned: a.Pinned, Assistants: a.Assistants,
	}}
	var err error
	if w.Fields.Technician, err = who(a.Technician); err != nil {
		return w, invalid(at+"technician", "expected a name or null")
	}
	if w.Fields.Date, err = day(a.Date); err != nil {
		return w, invalid(at+"date", "expected a day as YYYY-MM-DD: work without a day falls off the board")
	}
	if w.Fields.Start, err = hour(a.Start); err != nil {
		return w, invalid(at+"start_time", "expected HH:MM, or nothing")
	}
	if d := a.Duration; d != nil && !(*d > 0 && *d <= mostHours) || d != nil && math.IsNaN(*d) {
		return w, invalid(at+"duration_h", "above 0 and at most 24 hours")
	}
	if o := a.Order; o != nil && (*o < 0 || *o > mostOrder) {
		return w, invalid(at+"route_order", fmt.Sprintf("from 0 to %d", mostOrder))
	}
	if why := helpers(a.Assistants); why != "" {
		return w, invalid(at+"assistants", why)
	}
	if (w.Fields == ledger.Fields{}) {
		return w, hub.Fail(hub.Invalid, "invalid", "Nothing is wished.", nil, hub.WithField("/"+strings.TrimSuffix(at, "/"), "what shall become of the job?"))
	}
	return w, nil
}

// who reads the technician: nil when he is not meant, "" for nobody.
func who(raw json.RawMessage) (*string, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	name := "" // stays when the value is null
	err := json.Unmarshal(raw, &name)
	name = strings.TrimSpace(name)
	return &name, err
}

func day(text *string) (*erpnext.Date, error) {
	if text == nil {
		return nil, nil
	}
	d := erpnext.Date(*text)
	if d.Time().IsZero() {
		return nil, fmt.Errorf("%d letters are no day", len(*text))
	}
	return &d, nil
}

func hour(text *string) (*string, error) {
	if text == nil || *text == "" {
		return text, nil
	}
	clock := ledger.Clock(*text)
	if _, err := time.Parse(time.TimeOnly, clock); err != nil {
		return nil, err
	}
	return &clock, nil
}

// helpers says what is wrong with the assistants, if anything.
func helpers(names *[]string) string {
	if names == nil {
		return ""
	}
	sorted := slices.Sorted(slices.Values(*names))
	switch {
	case len(sorted) > mostHelpers:
		return fmt.Sprintf("at most %d", mostHelpers)
	case slices.Contains(sorted, ""):
		return "a name is empty"
	case len(slices.Compact(sorted)) < len(*names):
		return "somebody is named twice"
	}
	return ""
}
