// Package form is the form in which a job stands in the table: the numbers of
// its stages, and the text of its attempts.
package form

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

// The stages of a job on disk: its status, and for a pending one whether it
// stands at the head of its lane. Claims look at ready and running jobs only, so
// a long lane costs nothing. Stages below Held are open, those above it final.
const (
	Behind int64 = iota
	Ready
	Running
	Held
	Done
	Dead
	Cancelled
)

var statuses = [...]keep.Status{
	keep.Pending, keep.Pending, keep.Running, keep.Held, keep.Done, keep.Dead, keep.Cancelled,
}

// Status is the status of a stage.
func Status(stage int64) keep.Status { return statuses[stage] }

// Stage is the stage of a status; a pending job is taken as ready.
func Stage(s keep.Status) (stage int64, known bool) {
	if s == keep.Pending {
		return Ready, true
	}
	i := slices.Index(statuses[:], s)
	return int64(i), i >= 0
}

const (
	attemptsMax = 20
	detailMax   = 4 << 10
)

// Attempts writes the last attempts, with what they may carry.
func Attempts(all []keep.Attempt) (string, error) {
	all = slices.Clone(all[max(0, len(all)-attemptsMax):])
	for i := range all {
		all[i].At = all[i].At.UTC().Truncate(time.Microsecond)
		all[i].Detail = strings.ToValidUTF8(all[i].Detail[:min(len(all[i].Detail), detailMax)], "")
	}
	if len(all) == 0 {
		return "", nil
	}
	text, err := json.Marshal(all)
	if err != nil {
		return "", fmt.Errorf("writing the attempts of a job: %w", err)
	}
	return string(text), nil
}

// ReadAttempts reads what Attempts has written.
func ReadAttempts(text string) (all []keep.Attempt) {
	// What cannot be read was not written by us; the job itself is still good.
	_ = json.Unmarshal([]byte(text), &all)
	return all
}

// Append adds an attempt to those of a job, and drops the oldest beyond the
// bound. Of putting off again and again, the last time stays.
func Append(all []keep.Attempt, a keep.Attempt) []keep.Attempt {
	if n := len(all); n > 0 && a.Class == keep.Kept && all[n-1].Class == keep.Kept {
		all = all[:n-1]
	}
	all = append(all, a)
	return all[max(0, len(all)-attemptsMax):]
}

// Tries is how many tries an attempt counts for.
func Tries(a keep.Attempt) int64 {
	if a.Class == keep.Kept {
		return 0
	}
	return 1
}
