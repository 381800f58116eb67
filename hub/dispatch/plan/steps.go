package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// Step is one work order to be: a row of a template or of a quotation's wizard.
type Step struct {
	ID             string   `json:"id"`
	Label          string   `json:"label"`
	JobType        string   `json:"job_type"`
	Group          string   `json:"group"` // the queue that technicians claim from
	DurationH      float64  `json:"duration_h"`
	Tags           []string `json:"tags"`
	DependsOn      []string `json:"depends_on"` // ids of steps; all of them must be completed first
	OffsetDays     int      `json:"offset_days"`
	OnOpenWebhook  string   `json:"on_open_webhook"`
	OnCloseWebhook string   `json:"on_close_webhook"`
}

// ParseSteps reads a quotation's custom_wizard_steps: a JSON list of steps, or
// nothing. Steps without an id get their place in the list as one; depends_on
// may be one id or a list, and names ids or, where none fits, labels.
func ParseSteps(text string) ([]Step, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var rows []wizardStep
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, hub.Fail(hub.Invalid, "steps-invalid", "The quotation's wizard steps are not a list of steps.", err)
	}
	steps := make([]Step, len(rows))
	for i, row := range rows {
		steps[i] = row.step(i)
	}
	for i := range steps {
		for j, ref := range steps[i].DependsOn {
			steps[i].DependsOn[j] = resolve(ref, steps)
		}
	}
	return Ordered(steps)
}

// resolve turns a label into the id of its step; an id stays.
func resolve(ref string, steps []Step) string {
	for _, s := range steps {
		if s.ID == ref {
			return ref
		}
	}
	for _, s := range steps {
		if s.Label == ref {
			return s.ID
		}
	}
	return ref
}

// Ordered returns the steps so that each comes after those it depends on,
// otherwise in the given order. A cycle, a doubled id or an unknown predecessor
// is refused.
func Ordered(steps []Step) ([]Step, error) {
	if err := checkIDs(steps); err != nil {
		return nil, err
	}
	ordered := make([]Step, 0, len(steps))
	placed := make(map[string]bool, len(steps))
	for len(ordered) < len(steps) {
		next := slices.IndexFunc(steps, func(s Step) bool {
			return !placed[s.ID] && !slices.ContainsFunc(s.DependsOn, func(id string) bool { return !placed[id] })
		})
		if next < 0 {
			return nil, hub.Fail(hub.Invalid, "steps-invalid", "The steps wait for each other in a circle.", nil)
		}
		placed[steps[next].ID] = true
		ordered = append(ordered, steps[next])
	}
	return ordered, nil
}

func checkIDs(steps []Step) error {
	known := make(map[string]bool, len(steps))
	for _, s := range steps {
		if known[s.ID] {
			return hub.Fail(hub.Invalid, "steps-invalid", "Two steps have the same id.", fmt.Errorf("step %q", s.ID))
		}
		known[s.ID] = true
	}
	for _, s := range steps {
		for _, id := range s.DependsOn {
			if !known[id] {
				return hub.Fail(hub.Invalid, "steps-invalid", "A step depends on one that is not there.", fmt.Errorf("step %q on %q", s.ID, id))
			}
		}
	}
	return nil
}

// steps are the order's own, or those of its template.
func (o Order) steps() ([]Step, error) {
	if len(o.Steps) > 0 {
		return Ordered(o.Steps)
	}
	return Template(o.Template), nil
}

// wizardStep is a step as the order wizard writes it.
type wizardStep struct {
	Step
	ID            any    `json:"id"`         // text or number
	DependsOn     any    `json:"depends_on"` // one id or a list
	AssignedGroup string `json:"assigned_group"`
	Offset        *int   `json:"offset"`
}

func (w wizardStep) step(place int) Step {
	s := w.Step
	s.ID = word(w.ID)
	if s.ID == "" {
		s.ID = fmt.Sprintf("step-%d", place+1)
	}
	if s.Label == "" {
		s.Label = s.ID
	}
	if s.Group == "" {
		s.Group = w.AssignedGroup
	}
	if !slices.Contains(erpnext.JobTypes(), s.JobType) {
		s.JobType = "Installation"
	}
	s.ID, s.Group = clip(s.ID, 60), clip(s.Group, 140)
	if w.Offset != nil {
		s.OffsetDays = *w.Offset
	}
	s.DependsOn = words(w.DependsOn)
	return s
}

// clip keeps what fits a field.
func clip(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n])
	}
	return text
}

func words(v any) []string {
	list, many := v.([]any)
	if !many {
		list = []any{v}
	}
	var out []string
	for _, item := range list {
		if text := clip(word(item), 140); text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

func word(v any) string {
	if v == nil {
		return ""
	}
	return strings.TrimSpace(fmt.Sprint(v))
}
