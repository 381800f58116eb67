package paper

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/field/day"
	"gigafibre.ca/targo-hub/hub/field/visit"
)

// words are the texts of the pages in one language, by name.
type words map[string]string

// view is what every page is made from; a page uses what it needs.
type view struct {
	T      words
	Lang   hub.Lang
	Assets string // where the files of the app are
	Page   string // which page this is, for the scripts
	Tech   string // whose
	At     string // when it was made
	Form   string // begins the ids of what its forms say: said twice it is done once
	Office *office

	Today   string
	Sheet   day.Sheet
	Work    day.Job
	Writes  bool // the technician may do something here
	Adds    bool // he may add a note or a photo, also when the work is done
	Goods   []visit.Good
	Problem string // what was wrong with the form
	Device  Device
	Types   []string // of devices

	Action, Title, Text string

	tomorrow erpnext.Date
	said     url.Values // by the form that was not taken
}

// office is whom to call.
type office struct {
	Shown string
	Dial  template.URL
}

func (p *desk) view(c echo.Context, lang hub.Lang, page string) view {
	p.shell.sign(c)
	now := p.Now()
	v := view{
		T: p.words[lang], Lang: lang, Assets: p.shell.prefix(), Page: page, Tech: hub.ActorOf(c.Request().Context()).ID,
		At: now.UTC().Format(time.RFC3339), Form: uuid.NewString(), Today: hub.Day(now, lang), tomorrow: erpnext.DateOf(now.AddDate(0, 0, 1)),
		Types: []string{"ONT", "Modem", "Router", "TV Box", "IP Phone", "Switch", "AP/Mesh", "Battery", "Other"},
	}
	if p.Office != "" {
		v.Office = &office{Shown: p.Office, Dial: dial(p.Office)}
		if phone, err := hub.ParsePhone(p.Office); err == nil {
			v.Office.Dial = dial(string(phone))
		}
	}
	return v
}

// dial makes the address that calls a number. Only what a telephone dials gets in.
func dial(phone string) template.URL {
	digits := strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone)
	return template.URL("tel:" + digits)
}

// phone shows a number as people read it, and what is none as it stands.
func phone(text string) string {
	if number, err := hub.ParsePhone(text); err == nil {
		return number.Local()
	}
	return text
}

// part is one of the three lists of a day.
type part struct {
	View              view
	When, Title, None string
	Jobs              []day.Job
}

func group(v view, when, title, none string) part {
	g := part{View: v, When: when, Title: title, None: none}
	for _, j := range v.Sheet.Jobs {
		if j.When == when {
			g.Jobs = append(g.Jobs, j)
		}
	}
	return g
}

// of hands a work order to a template, with the view around it.
func of(v view, j day.Job) any {
	return struct {
		View view
		Work day.Job
		When string
	}{v, j, j.When}
}

// Word finds a word under a prefix; what has none is shown as it is.
func (v view) Word(prefix, name string) string {
	return cmp.Or(v.T[prefix+name], strings.ReplaceAll(name, "_", " "))
}

// Status names a state.
func (v view) Status(state string) string { return v.Word("status.", state) }

// Type names a type of work.
func (v view) Type(name string) string { return v.Word("type.", name) }

// Value names a value that the office picks from a list, such as a type of device.
func (v view) Value(name string) string { return cmp.Or(v.T["value."+name], name) }

// Unit says what a quantity counts; pieces are counted without a word.
func (v view) Unit(name string) string {
	if name == "" {
		return "×"
	}
	return v.Word("unit.", name)
}

// Said gives back what was typed into a form that was not taken.
func (v view) Said(name string) string { return v.said.Get(name) }

// Priority names a priority that stands out.
func (v view) Priority(name string) string { return v.T["priority."+name] }

// Window says when the technician is expected.
func (v view) Window(j day.Job) string {
	begin := j.Start
	if j.End != "" && begin != "" {
		begin += "–" + j.End
	}
	if j.When == day.Upcoming || j.Late {
		return strings.TrimSpace(v.DayOf(j.Date) + " " + begin)
	}
	return cmp.Or(begin, v.T["noTime"])
}

// DayOf names a date.
func (v view) DayOf(d erpnext.Date) string {
	if d == "" {
		return ""
	}
	return hub.Day(d.Time(), v.Lang)
}

// By names who wrote a note: technicians by their names.
func (v view) By(name string) string {
	for _, p := range v.Work.Team {
		if p.Technician == name {
			return p.Name
		}
	}
	return name
}

// Clock says what time of day it was, Moment the day too.
func (v view) Clock(at time.Time) string {
	if v.Lang == hub.French {
		return local(at, "15\u00a0h\u00a004")
	}
	return local(at, "15:04")
}

// Moment names an instant that may be unknown.
func (v view) Moment(at *time.Time) string {
	if at == nil {
		return ""
	}
	return hub.Day(*at, v.Lang) + ", " + v.Clock(*at)
}

func local(at time.Time, layout string) string {
	zone, err := time.LoadLocation(hub.Zone)
	if err != nil || at.IsZero() {
		return ""
	}
	return at.In(zone).Format(layout)
}

// Soon tells that the page of the work order is fetched before it is needed.
func (v view) Soon(j day.Job) bool { return j.When != day.Done && j.Date <= v.tomorrow }

// Allowed marks a step that may follow the state that the hub knows.
func (v view) Allowed(state string) template.HTMLAttr {
	if slices.Contains(v.Work.Steps, state) {
		return "data-now"
	}
	return "disabled"
}

// Fixed keeps others than who may write from answering.
func (v view) Fixed() template.HTMLAttr {
	if v.Writes {
		return ""
	}
	return "disabled"
}

// Spare are the articles that the visit has not used yet.
func (v view) Spare() []visit.Good {
	return slices.DeleteFunc(slices.Clone(v.Goods), func(g visit.Good) bool {
		return slices.ContainsFunc(v.Work.Materials, func(m day.Material) bool { return m.Item == g.Item })
	})
}

// Answer is what an item of the checklist holds, "" without an answer.
func (v view) Answer(i day.Item) string {
	if !i.Answered {
		return ""
	}
	return cmp.Or(i.Value, "1")
}
