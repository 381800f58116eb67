package board

import (
	"time"

	"gigafibre.ca/targo-hub/erpnext"
)

// Sheet is the board's answer.
type Sheet struct {
	From        erpnext.Date `json:"from"`
	To          erpnext.Date `json:"to"`
	Group       string       `json:"group,omitempty"`
	Jobs        []Card       `json:"jobs" doc:"by day, route order and start"`
	More        bool         `json:"more" doc:"there are more jobs than one board shows: narrow the days or the group"`
	Unassigned  []Pool       `json:"unassigned" doc:"unfinished jobs that nobody was given, by day"`
	Technicians []Technician `json:"technicians"`
	Tags        []Tag        `json:"tags"`
	Positions   []Position   `json:"positions" doc:"last known places of technicians; empty while no tracker is configured"`
}

// Pool is the work of a day that waits for somebody.
type Pool struct {
	Date erpnext.Date `json:"date" doc:"empty for work without a day"`
	Jobs []string     `json:"jobs" doc:"names, in the order of the board"`
}

// Card is a job on the board, with what people need to read it.
type Card struct {
	Name            string        `json:"name"`
	Subject         string        `json:"subject"`
	JobType         string        `json:"job_type"`
	Priority        string        `json:"priority"`
	Status          string        `json:"status"`
	Customer        string        `json:"customer"`
	CustomerName    string        `json:"customer_name"`
	CustomerLang    string        `json:"customer_language" doc:"fr or en; empty without a customer"`
	CustomerSMS     bool          `json:"customer_sms" doc:"the customer has a number that takes SMS"`
	ServiceLocation string        `json:"service_location"`
	Address         string        `json:"address"`
	Latitude        float64       `json:"latitude" doc:"0 when unknown"`
	Longitude       float64       `json:"longitude" doc:"0 when unknown"`
	AssignedTech    string        `json:"assigned_tech"`
	AssignedGroup   string        `json:"assigned_group"`
	ScheduledDate   erpnext.Date  `json:"scheduled_date" doc:"empty for work without a day"`
	StartTime       string        `json:"start_time" doc:"HH:MM:SS, empty when open"`
	DurationH       float64       `json:"duration_h" doc:"hours"`
	RouteOrder      int           `json:"route_order"`
	Late            bool          `json:"late" doc:"unfinished and of a day before the board's first"`
	DependsOn       string        `json:"depends_on" doc:"the first predecessor"`
	WaitsFor        []string      `json:"waits_for" doc:"all predecessors"`
	Blocked         bool          `json:"blocked" doc:"on hold, or ahead of a predecessor that is not done without a person having let it go"`
	BlockedBy       []string      `json:"blocked_by" doc:"predecessors that are not completed"`
	ParentJob       string        `json:"parent_job"`
	Children        []string      `json:"children" doc:"jobs on the board whose parent this is"`
	Tags            []RequiredTag `json:"tags"`
	Assistants      []Assistant   `json:"assistants" doc:"who helps the technician"`
	Checklist       Progress      `json:"checklist"`
	SourceIssue     string        `json:"source_issue"`
	IssueSubject    string        `json:"issue_subject"`
	ServiceContract string        `json:"service_contract"`
	Published       int           `json:"published" doc:"1 when the technician was told"`
	Pinned          int           `json:"pinned" doc:"1 when no plan may move it"`
	Modified        string        `json:"modified" doc:"as ERPNext writes it: send it back unchanged to change the job"`
}

// Assistant is a technician who helps on a job.
type Assistant struct {
	Technician string       `json:"technician"`
	Confirmed  erpnext.Flag `json:"confirmed"`
}

// Progress is how far a job's checklist is answered.
type Progress struct {
	Total   int `json:"total"`
	Done    int `json:"done" doc:"questions that are answered"`
	Missing int `json:"missing" doc:"required ones that are not"`
}

// RequiredTag is a skill that a job asks for, or that a technician has.
type RequiredTag struct {
	Tag      string `json:"tag"`
	Level    int    `json:"level" doc:"1 to 5"`
	Required int    `json:"required" doc:"1 when the job cannot be done without"`
}

// Tag is an entry of the list of tags.
type Tag struct {
	Name     string `json:"name"`
	Color    string `json:"color"`
	Category string `json:"category"`
}

// Technician is a column of the board.
type Technician struct {
	Name          string        `json:"name"`
	FullName      string        `json:"full_name"`
	Status        string        `json:"status"`
	Active        bool          `json:"active" doc:"false for one who left and still has jobs on the board"`
	Color         string        `json:"color"`
	AssignedGroup string        `json:"assigned_group"`
	ResourceType  string        `json:"resource_type"`
	MaxDailyHours float64       `json:"max_daily_hours"`
	Van           string        `json:"warehouse" doc:"the warehouse that is the van"`
	HasPhone      bool          `json:"has_phone" doc:"a number that takes SMS is known"`
	HomeLatitude  float64       `json:"home_base_latitude"`
	HomeLongitude float64       `json:"home_base_longitude"`
	Tags          []RequiredTag `json:"tags"`
}

// Position is where somebody was seen last.
type Position struct {
	Technician string    `json:"technician"`
	Latitude   float64   `json:"latitude"`
	Longitude  float64   `json:"longitude"`
	At         time.Time `json:"at"`
}
