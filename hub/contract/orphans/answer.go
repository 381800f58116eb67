package orphans

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/orphans/rule"
)

// Answer is a page of a report.
type Answer struct {
	Run       string         `json:"run" doc:"The inspection; its report is kept for a day"`
	State     string         `json:"state" enum:"done,running,none" doc:"running: ask again with run. none: there was no inspection yet"`
	Mode      string         `json:"mode" enum:"report,dry_run,repair"`
	CheckedAt *time.Time     `json:"checked_at"`
	CutOff    string         `json:"cut_off" doc:"Last day of the legacy import, which is not judged"`
	Findings  []Found        `json:"findings" nullable:"false" doc:"Errors first"`
	Counts    map[string]int `json:"counts" nullable:"false" doc:"What was found, by check"`
	Ignored   map[string]int `json:"ignored" nullable:"false" doc:"Documents of the legacy import, by doctype"`
	Total     int            `json:"total"`
	Repaired  int            `json:"repaired"`
	Failed    int            `json:"failed" doc:"Repairs that failed; the findings say why"`
	Postponed int            `json:"postponed" doc:"Repairs left for the next inspection"`
	Truncated bool           `json:"truncated" doc:"There are more findings than are listed here"`
	Next      *string        `json:"next" doc:"Cursor of the next page, null at the end"`
}

type answerOutput struct{ Body Answer }

func blank(run, state, cutOff string) Answer {
	return Answer{
		Run: run, State: state, Mode: ModeReport, CutOff: cutOff,
		Findings: []Found{}, Counts: map[string]int{}, Ignored: map[string]int{},
	}
}

func (r *Report) answer(w window, lang hub.Lang) Answer {
	a := blank(r.Run, "done", r.CutOff)
	a.Mode, a.CheckedAt, a.Counts = r.Mode, &r.CheckedAt, r.Counts
	a.Total, a.Repaired, a.Failed, a.Postponed = r.Total, r.Repaired, r.Failed, r.Postponed
	if r.Ignored != nil {
		a.Ignored = r.Ignored
	}
	from := min(w.from, len(r.Findings))
	to := min(from+w.limit, len(r.Findings))
	for _, f := range r.Findings[from:to] {
		a.Findings = append(a.Findings, f.in(lang))
	}
	a.Truncated = to < r.Total
	if to < len(r.Findings) {
		next := fmt.Sprintf("%s.%d", r.Run, to)
		a.Next = &next
	}
	return a
}

func parseCursor(cursor string) (run string, from int, err error) {
	run, at, _ := strings.Cut(cursor, ".")
	if from, err = strconv.Atoi(at); err != nil || run == "" || from < 0 {
		return "", 0, hub.Fail(hub.Invalid, "invalid", "This is no cursor of a report.", nil, hub.WithField("/cursor", "the next of the page before"))
	}
	return run, from, nil
}

// Checks lists the names of the checks, in the order in which they are made.
func Checks() []string { return rule.Names() }
