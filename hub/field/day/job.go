package day

import (
	"time"

	"gigafibre.ca/targo-hub/erpnext"
)

// When tells in which part of the list a work order stands.
const (
	Today    = "today" // of today, or left over from a day before
	Upcoming = "upcoming"
	Done     = "done" // completed or cancelled
)

// Job is a work order as the technician who has it sees it. States are in the
// hub's words, instants in UTC, times of day as people say them ("08:30").
type Job struct {
	Name     string `json:"name"`
	Modified string `json:"modified" doc:"Goes back as base_modified"`
	When     string `json:"when" enum:"today,upcoming,done"`
	NextUp   bool   `json:"next_up" doc:"The one to do now: at most one of the list, none of an answer that is no list"`
	Role     string `json:"role" enum:"lead,assistant"`
	Late     bool   `json:"late" doc:"Unfinished, and of a day before"`
	Draft    bool   `json:"draft" doc:"Planned, not published yet"`

	Subject     string   `json:"subject"`
	Description string   `json:"description,omitempty"`
	JobType     string   `json:"job_type"`
	Priority    string   `json:"priority"`
	Status      string   `json:"status"`
	Steps       []string `json:"steps" nullable:"false" doc:"States that may follow and that a technician may choose"`
	NeedsReason bool     `json:"needs_reason" doc:"A completion has to say why the service is taken away (disconnect_reason)"`

	Date       erpnext.Date `json:"date"`
	Start      string       `json:"start,omitempty" doc:"08:30; empty when nobody said"`
	End        string       `json:"end,omitempty"`
	DurationH  float64      `json:"duration_h"`
	RouteOrder int          `json:"route_order"`
	Began      *time.Time   `json:"began,omitempty"`
	Ended      *time.Time   `json:"ended,omitempty"`

	Customer Customer `json:"customer"`
	Place    Place    `json:"place"`
	Contact  *Contact `json:"contact" doc:"Of the place, else of the customer; null when there is none"`
	Team     []Person `json:"team" nullable:"false" doc:"Who leads, then who assists"`

	Pinned    []Note      `json:"pinned" nullable:"false" doc:"What must be read before: the notes of the work order and of the customer"`
	Notes     []Note      `json:"notes" nullable:"false" doc:"What technicians have written, the oldest first"`
	Tags      []Tag       `json:"tags" nullable:"false"`
	Checklist Checklist   `json:"checklist"`
	Devices   []Device    `json:"devices" nullable:"false" doc:"In service at the address"`
	Equipment []Handover  `json:"equipment" nullable:"false" doc:"What this visit installs, removes or replaces"`
	Materials []Material  `json:"materials" nullable:"false"`
	Photos    []Photo     `json:"photos" nullable:"false"`
	Signed    bool        `json:"signed"`
	AlsoHere  []Elsewhere `json:"also_here" nullable:"false" doc:"Other open work at the address"`
	WaitsFor  []Elsewhere `json:"waits_for" nullable:"false" doc:"Predecessors that are not completed"`
	Warnings  []string    `json:"warnings" nullable:"false" doc:"cancelled, late, blocked, draft, no-address, no-phone, checklist-open, opens-elsewhere"`
}

// Customer is whom the visit is for.
type Customer struct {
	Name string `json:"name,omitempty"`
	Full string `json:"full,omitempty" doc:"As people call them"`
	Lang string `json:"lang,omitempty" enum:",fr,en"`
}

// Place is where the visit is. AccessNotes (door codes, dogs) are for whoever has
// the work order alone: never in a message, never in a log.
type Place struct {
	Name        string  `json:"name,omitempty"`
	Title       string  `json:"title,omitempty"`
	Address     string  `json:"address,omitempty" doc:"In one line"`
	Lat         float64 `json:"lat,omitempty"`
	Lon         float64 `json:"lon,omitempty"`
	Geo         string  `json:"geo,omitempty" doc:"geo: address for the phone's own map"`
	Directions  string  `json:"directions,omitempty" doc:"https address of the way there"`
	Connection  string  `json:"connection,omitempty"`
	AccessNotes string  `json:"access_notes,omitempty"`
}

// Contact is whom to call.
type Contact struct {
	Name  string `json:"name,omitempty"`
	Phone string `json:"phone,omitempty" doc:"E.164, for tel:"`
	Shown string `json:"shown,omitempty" doc:"As people read it: 418 555-0134"`
	Of    string `json:"of" enum:"place,customer"`
}

// Person is a technician of the visit.
type Person struct {
	Technician string `json:"technician"`
	Name       string `json:"name"`
	Lead       bool   `json:"lead"`
}

// Note is a text about the visit.
type Note struct {
	Text string     `json:"text"`
	Of   string     `json:"of" enum:"job,customer,technician"`
	By   string     `json:"by,omitempty" doc:"The technician who wrote it"`
	At   *time.Time `json:"at,omitempty"`
}

// Tag is a skill or a trait.
type Tag struct {
	Tag      string `json:"tag"`
	Level    int    `json:"level,omitempty"`
	Required bool   `json:"required,omitempty"`
}

// Checklist is what the visit has to answer; a completion waits for what is
// Missing.
type Checklist struct {
	Items   []Item `json:"items" nullable:"false"`
	Done    int    `json:"done"`
	Missing int    `json:"missing" doc:"Required items without an answer"`
}

// Item is one question of the checklist. Its label is its name.
type Item struct {
	Label    string     `json:"label"`
	Required bool       `json:"required"`
	Type     string     `json:"type" enum:"check,text,number,photo,select"`
	Choices  []string   `json:"choices,omitempty" doc:"Of a select"`
	Value    string     `json:"value"`
	Answered bool       `json:"answered"`
	DoneAt   *time.Time `json:"done_at,omitempty"`
	DoneBy   string     `json:"done_by,omitempty"`
}

// Device is in service at the address; it never holds a secret.
type Device struct {
	Name   string `json:"name"`
	Type   string `json:"type,omitempty"`
	Brand  string `json:"brand,omitempty"`
	Model  string `json:"model,omitempty"`
	Serial string `json:"serial,omitempty"`
	MAC    string `json:"mac,omitempty"`
	Status string `json:"status,omitempty"`
}

// Handover is a device that changes hands on the visit.
type Handover struct {
	Equipment  string `json:"equipment,omitempty"`
	ReplacedBy string `json:"replaced_by,omitempty"`
	Action     string `json:"action"`
	Serial     string `json:"serial,omitempty"`
	MAC        string `json:"mac,omitempty"`
	Scanned    bool   `json:"scanned,omitempty"`
	Source     string `json:"source,omitempty"`
}

// Material is what the visit uses up.
type Material struct {
	Item    string  `json:"item"`
	Title   string  `json:"title,omitempty"`
	Qty     float64 `json:"qty"`
	UOM     string  `json:"uom,omitempty"`
	Serials string  `json:"serials,omitempty"`
	Drawn   bool    `json:"drawn" doc:"It was taken out of stock: it cannot be changed"`
}

// Photo is one that the office has.
type Photo struct {
	Kind    string     `json:"kind"`
	Caption string     `json:"caption,omitempty"`
	TakenAt *time.Time `json:"taken_at,omitempty"`
	Row     string     `json:"row,omitempty" doc:"Its name: GET /field/photos/{job}/{row} shows it"`
	SHA256  string     `json:"sha256,omitempty" doc:"Of the bytes that the phone sent"`
}

// Elsewhere is another piece of work.
type Elsewhere struct {
	Doctype string       `json:"doctype" enum:"Dispatch Job,Issue"`
	Name    string       `json:"name"`
	Subject string       `json:"subject"`
	Status  string       `json:"status"`
	Date    erpnext.Date `json:"date,omitempty"`
	Mine    bool         `json:"mine,omitempty"`
}
