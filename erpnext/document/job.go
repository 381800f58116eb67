package document

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext/schema"
)

// DispatchJob is one visit or task. Old clients read DependsOn, the first
// predecessor; Predecessors has all of them.
type DispatchJob struct {
	Doc
	Subject         string        `json:"subject,omitempty"`
	Description     string        `json:"description,omitempty"`
	Notes           string        `json:"notes,omitempty"`
	JobType         string        `json:"job_type,omitempty"` // Installation, Repair, Maintenance ...
	Priority        string        `json:"priority,omitempty"`
	Status          string        `json:"status,omitempty"` // JobOpen ... schema.JobCancelled
	SourceIssue     string        `json:"source_issue,omitempty"`
	Customer        string        `json:"customer,omitempty"`
	ServiceLocation string        `json:"service_location,omitempty"`
	ServiceContract string        `json:"service_contract,omitempty"`
	Subscription    string        `json:"subscription,omitempty"` // a Service Subscription
	AssignedTech    string        `json:"assigned_tech,omitempty"`
	AssignedGroup   string        `json:"assigned_group,omitempty"` // the queue to claim from
	ScheduledDate   Date          `json:"scheduled_date,omitempty"` // never empty, or boards drop the job
	StartTime       string        `json:"start_time"`               // "8:00:00"; always sent: Frappe would fill in the time of the insert
	DurationH       float64       `json:"duration_h,omitempty"`     // hours
	RouteOrder      int           `json:"route_order,omitempty"`
	ParentJob       string        `json:"parent_job,omitempty"`
	DependsOn       string        `json:"depends_on,omitempty"`
	Predecessors    []Predecessor `json:"predecessors,omitempty"`
	StepOrder       int           `json:"step_order,omitempty"`
	StepID          string        `json:"step_id,omitempty"` // the step of the template
	OnOpenWebhook   string        `json:"on_open_webhook,omitempty"`
	OnCloseWebhook  string        `json:"on_close_webhook,omitempty"`
	Tags            []TagLink     `json:"tags,omitempty"`
	Project         string        `json:"project,omitempty"`
	Recurrence      string        `json:"recurrence_rule,omitempty"`
	RecurrenceOf    string        `json:"recurrence_parent,omitempty"` // the first of the series
	Latitude        float64       `json:"latitude,omitempty"`
	Longitude       float64       `json:"longitude,omitempty"`
	Address         string        `json:"address,omitempty"`
	Published       Flag          `json:"published,omitempty"`
	Pinned          Flag          `json:"pinned,omitempty"` // no plan moves it
	ActualStart     Datetime      `json:"actual_start,omitzero"`
	ActualEnd       Datetime      `json:"actual_end,omitzero"`
	TravelMinutes   int           `json:"travel_minutes,omitempty"`
	EtaAt           Datetime      `json:"eta_at,omitzero"`
	EnRouteAt       Datetime      `json:"en_route_at,omitzero"`
	LastNotifiedAt  Datetime      `json:"last_notified_at,omitzero"`
	CompletionNotes string        `json:"completion_notes,omitempty"`
	CompletionCode  string        `json:"completion_code,omitempty"`
	DisconnectedFor string        `json:"disconnection_reason,omitempty"` // asked for when a service is taken away
	ReopenReason    string        `json:"reopen_reason,omitempty"`        // why a final job was opened again
	Signature       string        `json:"customer_signature,omitempty"`   // file_url
	SignedBy        string        `json:"signed_by,omitempty"`            // the customer's name, as typed
	SignedAt        Datetime      `json:"signed_at,omitzero"`             // by the technician's telephone

	Assistants []JobAssistant  `json:"assistants,omitempty"`
	Equipment  []JobEquipment  `json:"equipment_items,omitempty"`
	Materials  []JobMaterial   `json:"materials_used,omitempty"`
	Checklist  []ChecklistItem `json:"checklist,omitempty"`
	Photos     []JobPhoto      `json:"photos,omitempty"`

	HubKey   string `json:"hub_key,omitempty"`
	HubState string `json:"hub_state,omitempty"` // the status that the hub wrote last, and the move that led to it
}

// Final tells that the job will not change any more.
func (j DispatchJob) Final() bool {
	return j.Status == schema.JobCompleted || j.Status == schema.JobCancelled
}

// Turn is when the turn of a visit comes among those of its technician.
type Turn struct {
	Date  Date
	Start string // "16:30:00", "8:00:00", "08:30"; "" when nobody said
	Route int    // its place in the route; 0 when nobody gave it one
	Name  string
}

// Turn says when the turn of the visit comes.
func (j *DispatchJob) Turn() Turn { return Turn{j.ScheduledDate, j.StartTime, j.RouteOrder, j.Name} }

// Compare is the order of the visits of a day, the same wherever people are told of
// them: the hour counts, whatever their places in the route are. Those without an
// hour come after them, by their places: nobody was promised when.
func (t Turn) Compare(o Turn) int {
	return cmp.Or(cmp.Compare(t.Date, o.Date), t.hour().Compare(o.hour()), cmp.Compare(t.Route, o.Route), strings.Compare(t.Name, o.Name))
}

// hour is one of the year 0; without an hour it is the zero time, which comes later.
func (t Turn) hour() time.Time {
	for _, layout := range []string{time.TimeOnly, "15:04"} {
		if at, err := time.Parse(layout, t.Start); err == nil {
			return at
		}
	}
	return time.Time{}
}

// WaitsFor lists the names of all predecessors, those that only old clients
// wrote included.
func (j DispatchJob) WaitsFor() []string {
	var names []string
	for _, p := range j.Predecessors {
		names = append(names, p.Job)
	}
	if j.DependsOn != "" && !slices.Contains(names, j.DependsOn) {
		names = append(names, j.DependsOn)
	}
	return names
}

// WaitFor makes the job depend on others; the first is what old clients see.
func (j *DispatchJob) WaitFor(names ...string) {
	j.DependsOn, j.Predecessors = "", nil
	for _, name := range names {
		j.Predecessors = append(j.Predecessors, Predecessor{Job: name})
	}
	if len(names) > 0 {
		j.DependsOn = names[0]
	}
}

// Predecessor is a job that must be done first.
type Predecessor struct {
	Row
	Job string `json:"job,omitempty"`
}

// JobAssistant is somebody who helps the technician that the job is assigned to.
type JobAssistant struct {
	Row
	Technician string  `json:"technician,omitempty"`
	Confirmed  Flag    `json:"confirmed,omitempty"`
	Hours      float64 `json:"hours,omitempty"`
}

// JobEquipment is what is done to one device on a visit.
type JobEquipment struct {
	Row
	Equipment    string `json:"equipment,omitempty"`   // a Service Equipment
	ReplacedBy   string `json:"replaced_by,omitempty"` // the device that took its place
	Action       string `json:"action,omitempty"`      // EquipmentInstalled, EquipmentRemoved, EquipmentReplaced
	SerialNumber string `json:"serial_number,omitempty"`
	MACAddress   string `json:"mac_address,omitempty"`
	Scanned      Flag   `json:"scanned,omitempty"`
	ScanSource   string `json:"scan_source,omitempty"` // barcode, label, manual
	SourceKey    string `json:"source_key,omitempty"`  // what it was written for, once
}

// JobMaterial is what a visit used up.
type JobMaterial struct {
	Row
	Item       string  `json:"item,omitempty"`
	Qty        float64 `json:"qty,omitempty"`
	UOM        string  `json:"uom,omitempty"`
	Warehouse  string  `json:"warehouse,omitempty"`   // where it was taken from; "" is the technician's van
	Serials    string  `json:"serials,omitempty"`     // one a line
	StockEntry string  `json:"stock_entry,omitempty"` // what took it out of stock
	SourceKey  string  `json:"source_key,omitempty"`  // what it was written for, once
}

// JobPhoto is a picture of a visit. The bytes are a private File of the job.
type JobPhoto struct {
	Row
	File       string   `json:"file,omitempty"` // file_url
	Kind       string   `json:"kind,omitempty"` // before, after, label, signature, other
	TakenAt    Datetime `json:"taken_at,omitzero"`
	ReceivedAt Datetime `json:"received_at,omitzero"` // when the hub had it; a telephone's clock may be wrong
	Latitude   float64  `json:"latitude,omitempty"`
	Longitude  float64  `json:"longitude,omitempty"`
	SHA256     string   `json:"sha256,omitempty"`
	Caption    string   `json:"caption,omitempty"`
	Technician string   `json:"technician,omitempty"`
	SourceKey  string   `json:"source_key,omitempty"` // what it was written for, once
}

// ChecklistItem is a question that a visit answers. It is answered when it has a
// value, or, of the kind check, when it has been done.
type ChecklistItem struct {
	Row
	Label      string   `json:"label,omitempty"`
	Required   Flag     `json:"required,omitempty"`
	AnswerType string   `json:"answer_type,omitempty"` // check, text, number, photo, select
	Value      string   `json:"value,omitempty"`
	Choices    string   `json:"choices,omitempty"` // of a select, one a line
	DoneAt     Datetime `json:"done_at,omitzero"`
	DoneBy     string   `json:"done_by,omitempty"`
	SourceKey  string   `json:"source_key,omitempty"` // the answer that was written last
}

// ChecklistTemplate is what is asked on every visit of a job type.
type ChecklistTemplate struct {
	Doc
	TemplateName string          `json:"template_name,omitempty"`
	JobType      string          `json:"job_type,omitempty"`
	Items        []ChecklistItem `json:"items,omitempty"`
	HubKey       string          `json:"hub_key,omitempty"`
}
