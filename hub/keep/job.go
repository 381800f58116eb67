package keep

import (
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// Status is where a job stands.
//
//	held ⇄ pending → running → done | dead | cancelled     (running → pending after a failed attempt)
type Status string

// The statuses. Done, Dead and Cancelled are final.
const (
	Held      Status = "held"      // waits for a person or for the gate; blocks no lane
	Pending   Status = "pending"   // runs when due
	Running   Status = "running"   // a worker holds the lease
	Done      Status = "done"      // finished
	Dead      Status = "dead"      // given up; a person may retry it
	Cancelled Status = "cancelled" // a person said no
)

// Final tells whether a job in this status will not run again by itself.
func (s Status) Final() bool { return s == Done || s == Dead || s == Cancelled }

// Action is a change made by hand.
type Action string

// The actions of Desk.Change.
const (
	Release Action = "release"
	Hold    Action = "hold"
	Retry   Action = "retry"
	Cancel  Action = "cancel"
	Hurry   Action = "hurry"
)

// Job is one piece of work and its evidence.
type Job struct {
	ID       string            `json:"id"`   // UUIDv7, rising with time
	Kind     string            `json:"kind"` // "inbox.docuseal", "outbox.sms", "inbox.acceptance"
	Lane     string            `json:"lane"` // order and bulkhead: "quotation:SAL-QTN-2026-00001"; empty = none
	Dedupe   string            `json:"dedupe,omitempty"`
	Status   Status            `json:"status"`
	State    string            `json:"state,omitempty"` // the kind's own word: "captured", "sent", "delivered", "maybe-sent"
	Note     string            `json:"note,omitempty"`  // why it is held, dead or cancelled, in words
	Due      time.Time         `json:"due"`             // when it may run; while it runs, the end of its lease; then, its last touch
	Fence    int64             `json:"fence"`           // raised by every claim
	Seen     int               `json:"seen"`            // how many times it was put (1 = once)
	Subject  Subject           `json:"subject"`
	Headers  map[string]string `json:"headers,omitempty"` // as received or as the kind needs
	Payload  []byte            `json:"-"`                 // raw bytes as received
	Result   []byte            `json:"-"`                 // what the work answered, JSON, at most 64 KiB
	Attempts []Attempt         `json:"attempts"`          // the last 20, oldest first
	Tries    int               `json:"tries"`             // attempts since Put, or the last Release or Retry
	Created  time.Time         `json:"created"`
	Updated  time.Time         `json:"updated"`
}

// What a job may carry at most, in bytes.
const (
	PayloadMax = 16 << 20
	HeadersMax = 64 << 10 // names and values of all
	NoteMax    = 4 << 10  // and the reason of a change
	WordMax    = 1 << 10  // any other text: kind, lane, key, state, the words of the subject
	ResultMax  = 64 << 10
)

// Fits refuses a job that carries more than it may, and one that cannot start as
// it says. Engines ask it before they take a job in.
func (j *Job) Fits() error {
	if j.Kind == "" || (j.Status != "" && j.Status != Pending && j.Status != Held) {
		return hub.Fail(hub.Invalid, "invalid", "A job needs a kind, and starts pending or held.", nil)
	}
	if len(j.Payload) > PayloadMax {
		return hub.Fail(hub.TooLarge, "body-too-large", "The payload of a job is too large.", nil)
	}
	headers := 0
	for name, value := range j.Headers {
		headers += len(name) + len(value)
	}
	s := &j.Subject
	for _, word := range [...]string{
		j.ID, j.Kind, j.Lane, j.Dedupe, j.State, s.Doctype, s.Name, s.Customer, s.Technician, s.Correlation,
	} {
		if len(word) > WordMax {
			return tooLong()
		}
	}
	if headers > HeadersMax || len(j.Note) > NoteMax {
		return tooLong()
	}
	return nil
}

// Fits refuses an outcome that carries more than it may, and one that is none.
func (o *Outcome) Fits() error {
	if o.Next != Pending && o.Next != Held && !o.Next.Final() {
		return hub.Fail(hub.Invalid, "invalid", "A job cannot end like this.", nil)
	}
	if len(o.Result) > ResultMax || len(o.Note) > NoteMax || len(o.State) > WordMax {
		return tooLong()
	}
	return nil
}

func tooLong() error {
	return hub.Fail(hub.Invalid, "invalid", "A job cannot carry texts as long as this.", nil)
}

// Subject says what a job is about; the console filters by it.
type Subject struct {
	Doctype     string `json:"doctype,omitempty"`
	Name        string `json:"name,omitempty"`
	Customer    string `json:"customer,omitempty"`
	Technician  string `json:"technician,omitempty"`
	Correlation string `json:"correlation,omitempty"` // the request or event that caused it
}

// Attempt is the record of one try.
type Attempt struct {
	At     time.Time     `json:"at"`
	Took   time.Duration `json:"took"`
	Class  Class         `json:"class"`
	Code   string        `json:"code,omitempty"`   // the problem code, or the provider's own
	Status int           `json:"status,omitempty"` // HTTP status of the other side, when there was one
	Detail string        `json:"detail,omitempty"` // redacted, at most 4 KiB
}

// Class is how an attempt ended.
type Class string

// The classes.
const (
	OK       Class = "ok"
	Retrying Class = "retry"    // failed, will be tried again
	Rejected Class = "rejected" // failed for good: trying again cannot help
	GaveUp   Class = "gave-up"  // failed too often
	Lost     Class = "lost"     // the worker disappeared; written by Claim when it takes over a lease that ended
	Kept     Class = "held"     // put aside (for the gate, or for a person) or put off; no try
)

// Outcome is what Finish records. Next is the status that the job goes to:
// Done, Dead, Cancelled, Held, or Pending with Due for another try (zero: at once).
type Outcome struct {
	Next    Status
	Due     time.Time
	State   string // replaces Job.State unless empty
	Note    string // replaces Job.Note
	Result  []byte // replaces Job.Result unless nil
	Attempt Attempt
}

// Filter narrows a list of jobs; zero members do not.
type Filter struct {
	Kind     string // exact, or a prefix that ends in "." ("inbox.")
	Status   Status
	State    string
	Lane     string
	Dedupe   string
	Customer string
	Doctype  string
	Name     string
	Text     string    // substring of dedupe, note, subject name or customer, case-insensitive
	Since    time.Time // created at or after
	Limit    int       // 1–200, 50 when 0
	Cursor   string    // from the page before; one of another store is Invalid
}

// Count is how many jobs of a kind stand in a status.
type Count struct {
	Kind   string
	Status Status
	N      int
	Oldest time.Duration // how long the oldest due one has been due; 0 when none
}

// Record is a line of the audit.
type Record struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`  // hub.Actor.String()
	Action  string    `json:"action"` // "message.release", "quotation.accept"
	Doctype string    `json:"doctype,omitempty"`
	Name    string    `json:"name,omitempty"`
	Detail  string    `json:"detail,omitempty"`  // no secrets
	Request string    `json:"request,omitempty"` // request id
}

// AuditFilter narrows a list of records.
type AuditFilter struct {
	Actor, Action, Doctype, Name string
	Since                        time.Time
	Limit                        int
	Cursor                       string
}
