package visit

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/field/mutation"
)

type answerData struct {
	Label string  `json:"label"`
	Value string  `json:"value"`
	Was   *string `json:"was"` // the answer that the technician saw
}

// answer writes one answer of the checklist.
func (d *Desk) answer(ctx context.Context, m mutation.Mutation) (any, error) {
	var in answerData
	if err := read(m, &in); err != nil {
		return nil, err
	}
	if len([]rune(in.Value)) > 500 {
		return nil, wrong("value", "at most 500 letters")
	}
	zone, err := d.ERPNext.Zone(ctx)
	if err != nil {
		return nil, err
	}
	return nil, d.revise(ctx, m, func(s *sheet) (erpnext.Values, error) {
		rows := s.Checklist
		if len(rows) == 0 {
			if rows, err = d.questions(ctx, s.JobType); err != nil {
				return nil, err
			}
		}
		i := slices.IndexFunc(rows, func(row map[string]any) bool { return text(row, "label") == in.Label })
		if i < 0 {
			return nil, wrong("label", "the label of an item of the checklist")
		}
		row := rows[i]
		if want := unfit(row, in.Value); want != "" {
			return nil, hub.Fail(hub.Invalid, "invalid", "The answer to « "+in.Label+" » "+want+".", nil, hub.WithField("/data/value", want))
		}
		if text(row, "source_key") == m.Key || text(row, "value") == in.Value && text(row, "done_by") != "" {
			return nil, nil
		}
		if err := in.may(m, s, row); err != nil {
			return nil, err
		}
		for _, row := range rows {
			if text(row, "label") == in.Label { // a label that stands there twice is one question
				in.into(row, m, zone)
			}
		}
		return erpnext.Values{"checklist": erpnext.Replace(rows)}, nil
	})
}

// into writes the answer into its row.
func (in answerData) into(row map[string]any, m mutation.Mutation, zone *time.Location) {
	row["value"], row["done_by"], row["done_at"], row["source_key"] = in.Value, erpnext.Line(m.Actor().String()), erpnext.AtIn(m.At, zone), m.Key
	if in.Value == "" {
		row["done_by"], row["done_at"] = nil, nil
	}
}

// may refuses an answer over another one that the technician did not see: it is a
// conflict about this item alone, whatever else has changed in the work order.
func (in answerData) may(m mutation.Mutation, s *sheet, row map[string]any) error {
	now := text(row, "value")
	mine := text(row, "done_by") == erpnext.Line(m.Actor().String())
	fresh := m.BaseModified == "" || m.BaseModified == s.Modified.Text
	switch {
	case s.Status == erpnext.JobCancelled:
		return over(s)
	case in.Was != nil && *in.Was == now, now == "" && in.Was == nil, now == in.Value:
		return nil
	case mine && text(row, "source_key") != "":
		return newer(m, row)
	case in.Was == nil && fresh:
		return nil
	case in.Was != nil && fresh && m.BaseModified != "":
		return nil // he saw this very state, and wrote down what it was in other words
	}
	return crossed("checklist/"+in.Label, now)
}

// newer lets the technician replace what he said before himself, from this
// telephone or another one; what he had said earlier does not replace it.
func newer(m mutation.Mutation, row map[string]any) error {
	var said erpnext.Datetime
	if said.UnmarshalJSON([]byte(strconv.Quote(text(row, "done_at")))) == nil && !said.Time.IsZero() && m.At.Before(said.Time) {
		return crossed("checklist/"+text(row, "label"), text(row, "value"))
	}
	return nil
}

// questions are those of the type of work, for a work order that has none yet.
func (d *Desk) questions(ctx context.Context, jobType string) ([]map[string]any, error) {
	if jobType == "" {
		return nil, nil
	}
	template, err := erpnext.First[erpnext.ChecklistTemplate](ctx, d.ERPNext, "Checklist Template", erpnext.Eq("job_type", jobType))
	if err != nil {
		return nil, fmt.Errorf("reading the checklist of %s: %w", jobType, err)
	}
	var rows []map[string]any
	if template != nil {
		for _, item := range template.Items {
			rows = append(rows, map[string]any{"label": item.Label, "required": item.Required, "answer_type": item.AnswerType, "choices": item.Choices})
		}
	}
	return rows, nil
}

// unfit says what an answer must be when it is not what its item asks for.
func unfit(row map[string]any, value string) string {
	value = strings.ToLower(strings.TrimSpace(value))
	switch kind := strings.ToLower(text(row, "answer_type")); {
	case value == "":
	case kind == "number":
		n, err := strconv.ParseFloat(strings.Replace(value, ",", ".", 1), 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return "must be a number: -19.5 or -19,5"
		}
	case kind == "check" && !slices.Contains([]string{"1", "yes", "oui", "true", "vrai", "on", "x", "ok", "✓", "0", "no", "non", "false", "faux", "off"}, value):
		return "must be yes or no: oui, non, yes, no, 1, 0, true, false"
	case kind == "select" && text(row, "choices") != "" && !slices.ContainsFunc(strings.Split(text(row, "choices"), "\n"), func(c string) bool {
		return strings.EqualFold(strings.TrimSpace(c), value)
	}):
		return "must be one of the choices"
	}
	return ""
}
