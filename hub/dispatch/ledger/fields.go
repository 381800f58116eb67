package ledger

import (
	"reflect"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// Fields are those members of a job that a dispatcher changes. What is nil is not
// meant. States are in the hub's words, times are "HH:MM:SS".
type Fields struct {
	Technician *string       `json:"technician,omitempty" doc:"empty for nobody"`
	Date       *erpnext.Date `json:"scheduled_date,omitempty"`
	Start      *string       `json:"start_time,omitempty" doc:"HH:MM:SS, empty when open"`
	Duration   *float64      `json:"duration_h,omitempty" doc:"hours"`
	Order      *int          `json:"route_order,omitempty"`
	Group      *string       `json:"group,omitempty"`
	Pinned     *bool         `json:"pinned,omitempty"`
	Published  *bool         `json:"published,omitempty"`
	Status     *string       `json:"status,omitempty"`
	Assistants *[]string     `json:"assistants,omitempty"`
	WaitsFor   *[]string     `json:"waits_for,omitempty" doc:"all predecessors"`
}

// Of reads all fields of a job that is in the hub's words.
func Of(job *erpnext.DispatchJob) Fields {
	start, pinned, published := Clock(job.StartTime), bool(job.Pinned), bool(job.Published)
	helpers, waits := []string{}, append([]string{}, job.WaitsFor()...)
	for _, a := range job.Assistants {
		helpers = append(helpers, a.Technician)
	}
	return Fields{
		Technician: &job.AssignedTech, Date: &job.ScheduledDate, Start: &start, Duration: &job.DurationH, Order: &job.RouteOrder,
		Group: &job.AssignedGroup, Pinned: &pinned, Published: &published, Status: &job.Status, Assistants: &helpers, WaitsFor: &waits,
	}
}

// Only keeps the fields that the other one means.
func (f Fields) Only(mask Fields) Fields {
	return f.each(mask, func(_, other reflect.Value) bool { return !other.IsNil() })
}

// Unlike keeps the fields that the other one has otherwise, or does not mean.
func (f Fields) Unlike(other Fields) Fields {
	return f.each(other, func(own, other reflect.Value) bool { return other.IsNil() || !same(own, other) })
}

// each keeps the fields that are meant and that hold.
func (f Fields) each(other Fields, holds func(own, other reflect.Value) bool) Fields {
	out := Fields{}
	from, to, beside := reflect.ValueOf(f), reflect.ValueOf(&out).Elem(), reflect.ValueOf(other)
	for i := range from.NumField() {
		if own := from.Field(i); !own.IsNil() && holds(own, beside.Field(i)) {
			to.Field(i).Set(own)
		}
	}
	return out
}

// Empty tells that nothing is meant.
func (f Fields) Empty() bool { return f == Fields{} }

// same compares two values; of lists the order does not count.
func same(a, b reflect.Value) bool {
	if list, ok := a.Interface().(*[]string); ok {
		other, _ := b.Interface().(*[]string)
		return slices.Equal(slices.Sorted(slices.Values(*list)), slices.Sorted(slices.Values(*other)))
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// Difference is a field that is not as an action left it.
type Difference struct {
	Field string `json:"field"`
	Left  any    `json:"left" doc:"as the action left it"`
	Now   any    `json:"now"`
}

// Differences tells which of the fields are otherwise now.
func (f Fields) Differences(now Fields) []Difference {
	out := []Difference{}
	left, current := reflect.ValueOf(f), reflect.ValueOf(now)
	for i := range left.NumField() {
		if a, b := left.Field(i), current.Field(i); !a.IsNil() && (b.IsNil() || !same(a, b)) {
			d := Difference{Field: name(left.Type().Field(i)), Left: a.Elem().Interface()}
			if !b.IsNil() {
				d.Now = b.Elem().Interface()
			}
			out = append(out, d)
		}
	}
	return out
}

func name(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// Values are the fields as ERPNext is to be given them; job is as it stands there.
// Rows of assistants who stay keep what else is in them. Predecessors are not
// among the values: who waits for whom is not written here.
func (f Fields) Values(words machine.Words, job *erpnext.DispatchJob) erpnext.Values {
	values := erpnext.Values{}
	put(values, "assigned_tech", f.Technician)
	put(values, "scheduled_date", f.Date)
	put(values, "start_time", f.Start)
	put(values, "duration_h", f.Duration)
	put(values, "route_order", f.Order)
	put(values, "assigned_group", f.Group)
	put(values, "pinned", flag(f.Pinned))
	put(values, "published", flag(f.Published))
	if f.Status != nil {
		values["status"] = words.Out(*f.Status)
	}
	if f.Assistants != nil {
		values["assistants"] = erpnext.Replace(rows(*f.Assistants, job.Assistants))
	}
	return values
}

func put[T any](values erpnext.Values, field string, value *T) {
	if value != nil {
		values[field] = *value
	}
}

func flag(b *bool) *erpnext.Flag {
	if b == nil {
		return nil
	}
	f := erpnext.Flag(*b)
	return &f
}

func rows(names []string, have []erpnext.JobAssistant) []erpnext.JobAssistant {
	out := make([]erpnext.JobAssistant, 0, len(names))
	for place, name := range names {
		row := erpnext.JobAssistant{Technician: name}
		if i := slices.IndexFunc(have, func(a erpnext.JobAssistant) bool { return a.Technician == name }); i >= 0 {
			row = have[i]
		}
		row.Idx = place + 1 // ERPNext believes the rows, and two could have one place
		out = append(out, row)
	}
	return out
}

// Clock gives a time of day its one spelling, HH:MM:SS: one database writes
// 8:00:00, the other 08:00:00 or 08:00:00.000000.
func Clock(text string) string {
	text, _, _ = strings.Cut(text, ".")
	if strings.Count(text, ":") == 1 {
		text += ":00"
	}
	if len(text) == len("8:00:00") {
		return "0" + text
	}
	return text
}
