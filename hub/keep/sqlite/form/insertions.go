package form

import (
	"database/sql/driver"
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/hub/keep"
)

// Insertions are the statements that store jobs, by which columns a job fills:
// what is empty is left to the table, since each value costs and most jobs have
// few.
type Insertions map[int]string

// The columns that may be empty, in the order of their bits; then the other two
// things that a statement depends on.
var optional = [...]string{
	"dedupe", "lane", "state", "note", "doctype", "name", "customer", "technician", "correlation",
}

const (
	held   = 1 << len(optional)
	unseen = held << 1
)

// Of gives the statement that stores the job and its arguments. They begin with
// those that are given: seq, due and now. With a hash, nothing is stored when that
// is in the index of keys already; nor is it when the id is taken. A pending job
// finds out whether it stands behind others of its lane.
func (all Insertions) Of(job *keep.Job, hash int64, args ...driver.Value) (query string, values []driver.Value) {
	shape := 0
	args = append(args, job.ID, job.Kind)
	s := &job.Subject
	for i, v := range [len(optional)]string{
		job.Dedupe, job.Lane, job.State, job.Note, s.Doctype, s.Name, s.Customer, s.Technician, s.Correlation,
	} {
		if v != "" {
			shape |= 1 << i
			args = append(args, v)
		}
	}
	if job.Status == keep.Held {
		shape |= held
	}
	if hash != 0 {
		shape |= unseen
		args = append(args, hash)
	}
	query, known := all[shape]
	if !known {
		query = insertion(shape)
		all[shape] = query
	}
	return query, args
}

// insertion writes a statement. What must not be stored has no stage, and is
// ignored for that.
func insertion(shape int) string {
	columns, places, n := "seq, due, created, updated, id, kind", "?1, ?2, ?3, ?3, ?4, ?5", 5
	stage := fmt.Sprint(Ready)
	for i, name := range optional {
		if shape&(1<<i) == 0 {
			continue
		}
		n++
		columns += ", " + name
		places += fmt.Sprintf(", ?%d", n)
		if name == "lane" {
			stage = fmt.Sprintf("iif(EXISTS (SELECT 1 FROM jobs WHERE lane = ?%d AND lane <> '' AND stage < %d), %d, %d)",
				n, Held, Behind, Ready)
		}
	}
	if shape&held != 0 {
		stage = fmt.Sprint(Held)
	}
	if shape&unseen != 0 {
		stage = fmt.Sprintf("iif(EXISTS (SELECT 1 FROM dedupes WHERE hash = ?%d), NULL, %s)", n+1, stage)
	}
	return strings.Join([]string{"INSERT OR IGNORE INTO jobs (", columns, ", stage) VALUES (", places, ", ", stage, ")"}, "")
}
