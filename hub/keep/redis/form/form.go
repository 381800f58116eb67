// Package form is the form in which jobs and records stand in Redis: names and
// types of the fields, instants in microseconds, what is read seldom as JSON.
// The names of a job's fields are explained in row.go.
package form

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

const detailMax = 4 << 10

// Instant is the time of so many microseconds.
func Instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

// Micros writes an instant; the zero one as nothing.
func Micros(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMicro(), 10)
}

// Fields are the names and values of a new job, without those that are empty. They
// point into the job.
func Fields(job *keep.Job) ([]any, error) {
	about, err := writeMeta(job)
	if err != nil {
		return nil, err
	}
	fields := append(make([]any, 0, 20), "k", &job.Kind)
	for _, f := range [...]struct {
		name  any
		value *string
	}{
		{"l", &job.Lane},
		{"d", &job.Dedupe},
		{"st", &job.State},
		{"n", &job.Note},
		{"cu", &job.Subject.Customer},
		{"nm", &job.Subject.Name},
		{"m", &about},
	} {
		if *f.value != "" {
			fields = append(fields, f.name, f.value)
		}
	}
	if len(job.Payload) > 0 {
		fields = append(fields, "p", job.Payload)
	}
	return fields, nil
}

// meta is what no script needs to know of a job.
type meta struct {
	Doctype     string            `json:"dt,omitempty"`
	Technician  string            `json:"te,omitempty"`
	Correlation string            `json:"co,omitempty"`
	Headers     map[string]string `json:"h,omitempty"`
}

func writeMeta(job *keep.Job) (string, error) {
	s := &job.Subject
	if s.Doctype+s.Technician+s.Correlation == "" && len(job.Headers) == 0 {
		return "", nil
	}
	text, err := json.Marshal(meta{s.Doctype, s.Technician, s.Correlation, job.Headers})
	if err != nil {
		return "", fmt.Errorf("writing the headers of a job: %w", err)
	}
	return string(text), nil
}

// Stored is a job and its number in the order of the puts.
type Stored struct {
	keep.Job
	Seq int64
}

// Read reads a job as the scripts give it: id, the fields of rowFields, attempts.
// The last field is the payload when body is true.
func Read(reply any, body bool) (Stored, error) {
	parts, _ := reply.([]any)
	if len(parts) != 3 {
		return Stored{}, fmt.Errorf("reading a job: %d parts", len(parts))
	}
	fields, _ := parts[1].([]any)
	if len(fields) != rowLength {
		return Stored{}, fmt.Errorf("reading a job: %d fields", len(fields))
	}
	f := func(at int) string { return text(fields[at]) }
	n := func(at int) int64 { return Int(fields[at]) }
	j := Stored{Seq: n(atSeq), Job: keep.Job{
		ID: text(parts[0]), Kind: f(atKind), Lane: f(atLane), Dedupe: f(atDedupe),
		Status: keep.Status(f(atStatus)), State: f(atState), Note: f(atNote), Due: Instant(n(atDue)),
		Fence: n(atFence), Seen: 1 + int(n(atSeenMore)), Tries: int(n(atTries)), Created: Instant(n(atCreated)),
	}}
	j.Updated = j.Created
	if fields[atUpdated] != nil {
		j.Updated = Instant(n(atUpdated))
	}
	var m meta
	if about := f(atMeta); about != "" {
		// What cannot be read was not written by us; the job itself is still good.
		_ = json.Unmarshal([]byte(about), &m)
	}
	j.Headers = m.Headers
	j.Subject = keep.Subject{
		Doctype: m.Doctype, Name: f(atName), Customer: f(atCustomer), Technician: m.Technician, Correlation: m.Correlation,
	}
	if fields[atResult] != nil {
		j.Result = []byte(f(atResult))
	}
	if body && fields[atPayload] != nil {
		j.Payload = []byte(f(atPayload))
	}
	attempts, _ := parts[2].([]any)
	for _, a := range attempts {
		j.Attempts = append(j.Attempts, readAttempt(text(a)))
	}
	return j, nil
}

// ReadAll reads jobs without their payloads.
func ReadAll(replies []any, body bool) ([]Stored, error) {
	all := make([]Stored, 0, len(replies))
	for _, reply := range replies {
		j, err := Read(reply, body)
		if err != nil {
			return nil, err
		}
		all = append(all, j)
	}
	return all, nil
}

// attempt stands behind its instant and a space.
type attempt struct {
	Class  keep.Class    `json:"class"`
	Took   time.Duration `json:"took,omitempty"`
	Code   string        `json:"code,omitempty"`
	Status int           `json:"status,omitempty"`
	Detail string        `json:"detail,omitempty"`
}

// Attempt writes an attempt with what it may carry.
func Attempt(a keep.Attempt) (string, error) {
	a.Detail = strings.ToValidUTF8(a.Detail[:min(len(a.Detail), detailMax)], "")
	text, err := json.Marshal(attempt{a.Class, a.Took, a.Code, a.Status, a.Detail})
	if err != nil {
		return "", fmt.Errorf("writing an attempt: %w", err)
	}
	return string(text), nil
}

func readAttempt(line string) keep.Attempt {
	at, rest, _ := strings.Cut(line, " ")
	var a attempt
	_ = json.Unmarshal([]byte(rest), &a)
	return keep.Attempt{At: Instant(Int(at)), Took: a.Took, Class: a.Class, Code: a.Code, Status: a.Status, Detail: a.Detail}
}

// Int reads a number out of a reply; what is none is 0.
func Int(reply any) int64 {
	switch v := reply.(type) {
	case int64:
		return v
	case string:
		n, _ := strconv.ParseInt(v, 10, 64)
		return n
	}
	return 0
}

// Text reads a text out of a reply; what is none is empty.
func Text(reply any) string { return text(reply) }

func text(reply any) string {
	s, _ := reply.(string)
	return s
}
