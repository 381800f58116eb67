package orphans

import (
	"cmp"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/orphans/rule"
)

// Report is what an inspection found, as it is kept: without words, so that each
// reader gets his own.
type Report struct {
	Run       string         `json:"run"`
	Mode      string         `json:"mode"` // ModeReport, ModeDryRun, ModeRepair
	By        string         `json:"by"`
	CheckedAt time.Time      `json:"checked_at"`
	CutOff    string         `json:"cut_off"`
	Counts    map[string]int `json:"counts"` // found, by check; every check that was made
	Left      map[string]int `json:"left"`   // of these, not repaired
	Ignored   map[string]int `json:"ignored"`
	Total     int            `json:"total"`
	Repaired  int            `json:"repaired"`
	Failed    int            `json:"failed"`
	Postponed int            `json:"postponed"` // repairs that were one too many for one inspection
	Findings  []Finding      `json:"findings"`  // at most mostKept

	at map[string]int // where a finding stands, while the inspection lasts
}

// Finding is one document that is wrong.
type Finding struct {
	Check      string   `json:"check"`
	Severity   string   `json:"severity"`
	Doctype    string   `json:"doctype"`
	Name       string   `json:"name"`
	Customer   string   `json:"customer"`
	With       []string `json:"with,omitempty"`
	Fresh      bool     `json:"fresh,omitempty"`
	Repairable bool     `json:"repairable"`
	Repaired   bool     `json:"repaired"`
	Error      string   `json:"error,omitempty"`
}

// The modes of an inspection.
const (
	ModeReport = "report"
	ModeDryRun = "dry_run"
	ModeRepair = "repair"
)

// What is kept of a report: it has to fit into one value of the store.
const (
	mostKept = 1000
	mostWith = 10
)

// add takes a finding in. One that was found before is due only if it could not be
// repaired then and can be now.
func (r *Report) add(f rule.Finding) (kept *Finding, due bool) {
	key := f.Check + " " + f.Name
	if at, before := r.at[key]; before {
		kept = &r.Findings[at]
		due = !kept.Repairable && f.Mend.Possible()
		if due {
			kept.Repairable, kept.With = true, f.With[:min(len(f.With), mostWith)]
		}
		return kept, due
	}
	r.at[key] = len(r.Findings)
	r.Total++
	r.Counts[f.Check]++
	r.Findings = append(r.Findings, Finding{
		Check: f.Check, Severity: f.Severity, Doctype: f.Doctype, Name: f.Name, Customer: f.Customer,
		With: f.With[:min(len(f.With), mostWith)], Fresh: f.Fresh, Repairable: f.Mend.Possible(),
	})
	return &r.Findings[len(r.Findings)-1], true
}

// close counts what is left, puts the worst first, and keeps no
// more than there is room for.
func (r *Report) close() {
	r.Left = map[string]int{}
	for _, f := range r.Findings {
		if !f.Repaired {
			r.Left[f.Check]++
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(a.Severity, b.Severity) })
	r.Findings = r.Findings[:min(len(r.Findings), mostKept)]
}

// Found is a finding in the words of its reader.
type Found struct {
	Check      string   `json:"check" doc:"Name of the rule that is broken"`
	Severity   string   `json:"severity" enum:"error,warning"`
	Doctype    string   `json:"doctype"`
	Name       string   `json:"name"`
	Customer   string   `json:"customer"`
	With       []string `json:"with" nullable:"false" doc:"The other documents that it is about"`
	Detail     string   `json:"detail" doc:"What is wrong, in the reader's language"`
	Repairable bool     `json:"repairable" doc:"POST repairs it"`
	Action     string   `json:"action" doc:"What the repair does; where there is none, what a person does"`
	Repaired   bool     `json:"repaired" doc:"It is right now"`
	Fresh      bool     `json:"fresh,omitempty" doc:"It was written within the last minutes: what is missing may be under way"`
	Error      string   `json:"error,omitempty" doc:"Why the repair failed"`
}

func (f Finding) in(lang hub.Lang) Found {
	words := rule.WordsOf(f.Check)
	action := words.Human
	if f.Repairable {
		action = words.Mend
	}
	return Found{
		Check: f.Check, Severity: f.Severity, Doctype: f.Doctype, Name: f.Name, Customer: f.Customer, With: append([]string{}, f.With...),
		Detail: words.Is.In(lang, f.Name, f.With), Repairable: f.Repairable, Action: action.In(lang, f.Name, f.With),
		Repaired: f.Repaired, Fresh: f.Fresh, Error: f.Error,
	}
}
