package mutation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"strings"
	"unicode"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// Standing is a work order as the office has it, as far as technicians change it: a
// part of what GET /field/jobs says, in the same form.
type Standing struct {
	Name       string     `json:"name"`
	Modified   string     `json:"modified"`
	Status     string     `json:"status"`
	Technician string     `json:"technician,omitempty"`
	Checklist  Answers    `json:"checklist"`
	Materials  []Quantity `json:"materials"`
	Signed     bool       `json:"signed"`
}

// Answers are those of the checklist.
type Answers struct {
	Items []Answer `json:"items"`
}

// Answer is one of the checklist.
type Answer struct {
	Label  string `json:"label"`
	Value  string `json:"value"`
	DoneBy string `json:"done_by,omitempty"`
}

// Quantity is what was used of an item.
type Quantity struct {
	Item string  `json:"item"`
	Qty  float64 `json:"qty"`
}

func (d *Desk) standing(job *erpnext.DispatchJob) *Standing {
	s := &Standing{
		Name: job.Name, Modified: job.Modified.Text, Status: d.In(job.Status), Technician: job.AssignedTech, Signed: job.Signature != "",
		Checklist: Answers{Items: []Answer{}}, Materials: []Quantity{},
	}
	for _, i := range job.Checklist {
		s.Checklist.Items = append(s.Checklist.Items, Answer{Label: i.Label, Value: i.Value, DoneBy: i.DoneBy})
	}
	for _, m := range job.Materials {
		s.Materials = append(s.Materials, Quantity{Item: m.Item, Qty: m.Qty})
	}
	return s
}

// conflict tells the office what a technician had to say, and returns its own
// version for him. All are told once; news first, as nothing but the store is needed
// for them.
func (d *Desk) conflict(ctx context.Context, m Mutation, why error) (*Standing, error) {
	p := hub.ProblemOf(why)
	if err := d.announce(ctx, m, p.Code); err != nil {
		return nil, err
	}
	job, err := erpnext.Get[erpnext.DispatchJob](ctx, d.ERPNext, doctype, m.Job)
	if err != nil {
		return nil, err
	}
	if d.Evidence != nil {
		err = d.Evidence(ctx, m)
	}
	return d.standing(job), errors.Join(err, d.remark(ctx, m, told("Conflit à régler", m, p)))
}

// remark writes under the work order what somebody of the office has to read.
func (d *Desk) remark(ctx context.Context, m Mutation, text string) error {
	return Say(ctx, d.ERPNext, Remark{Job: m.Job, Key: "field-conflict:" + m.Key, By: m.Technician, Text: text})
}

// announce publishes that somebody of the office has to look at the work order.
func (d *Desk) announce(ctx context.Context, m Mutation, code string) error {
	return d.News.Publish(ctx, hub.NewEvent(hub.TopicJobs, hub.JobConflict, hub.JobConflict+":"+m.Key, map[string]any{
		"job": m.Job, "technician": m.Technician, "mutation": m.ID, "kind": m.Kind, "code": code, "at": m.At,
	}))
}

// told is what the office reads: the technician's version, word for word.
func told(what string, m Mutation, p *hub.Error) string {
	row, _ := hub.Problem(p.Code)
	version := m.Data
	if len(version) == 0 {
		version = json.RawMessage("{}")
	}
	return fmt.Sprintf("%s : %s a envoyé « %s » (%s), mais cela n'a pas été écrit : %s.\nSa version : %s",
		what, m.Technician, m.Kind, hub.Moment(m.At, hub.French), row.Title(hub.French), hub.Clip(string(version), 4000))
}

// NoteKey begins the key of a remark that is a technician's note.
const NoteKey = "field-note:"

// Remark is a comment under a work order. Its key is unique in ERPNext: it is said
// once.
type Remark struct{ Job, Key, By, Text string }

// Say writes a remark, unless it stands there.
func Say(ctx context.Context, erp *erpnext.Client, r Remark) error {
	type comment struct {
		Name string `json:"name"`
	}
	_, _, err := erpnext.Ensure(ctx, erp, func(ctx context.Context) (*comment, error) {
		var found []comment
		q := erpnext.Query{Doctype: "Comment", Fields: []string{"name"}, Filters: []erpnext.Filter{erpnext.Eq("custom_hub_key", r.Key)}, Limit: 1}
		if err := erp.List(ctx, q, &found); err != nil || len(found) == 0 {
			return nil, err
		}
		return &found[0], nil
	}, func(ctx context.Context) (*comment, error) {
		return erpnext.Insert[comment](ctx, erp, "Comment", erpnext.Values{
			"comment_type": "Comment", "reference_doctype": doctype, "reference_name": r.Job, "custom_hub_key": r.Key, "subject": r.By,
			"content": asHTML(r.Text), "comment_by": "targo-hub",
		})
	})
	if err != nil {
		return fmt.Errorf("writing under %s: %w", r.Job, err)
	}
	return nil
}

// asHTML is a text as ERPNext keeps it. Not every database keeps characters that
// nobody sees.
func asHTML(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
	return strings.ReplaceAll(html.EscapeString(strings.TrimSpace(text)), "\n", "<br>")
}
