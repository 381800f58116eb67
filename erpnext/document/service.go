package document

import (
	"slices"

	"gigafibre.ca/targo-hub/erpnext/schema"
	"gigafibre.ca/targo-hub/hub"
)

// ServiceContract is what a customer signed.
type ServiceContract struct {
	Doc
	Customer            string            `json:"customer,omitempty"`
	ServiceLocation     string            `json:"service_location,omitempty"`
	Quotation           string            `json:"quotation,omitempty"`
	ServiceSubscription string            `json:"service_subscription,omitempty"` // never the stock Subscription
	InstallTemplate     string            `json:"install_template,omitempty"`
	ContractType        string            `json:"contract_type,omitempty"` // Residential or Commercial
	Status              string            `json:"status,omitempty"`        // ContractDraft ... ContractTerminated
	StartDate           Date              `json:"start_date,omitempty"`
	EndDate             Date              `json:"end_date,omitempty"`
	DurationMonths      int               `json:"duration_months,omitempty"`
	MonthlyRate         hub.Money         `json:"monthly_rate,omitzero"`
	InstallFee          hub.Money         `json:"install_fee,omitzero"`
	TotalBenefits       hub.Money         `json:"total_benefits,omitzero"`
	ResidualTotal       hub.Money         `json:"residual_total,omitzero"`
	Benefits            []ContractBenefit `json:"benefits,omitempty"`
	SignatureMethod     string            `json:"signature_method,omitempty"`
	SignedAt            Datetime          `json:"signed_at,omitzero"`
	SignerName          string            `json:"signer_name,omitempty"`
	SignerIP            string            `json:"signer_ip,omitempty"`
	SignerUserAgent     string            `json:"signer_user_agent,omitempty"`
	DocumentSHA256      string            `json:"document_sha256,omitempty"` // of the document that was shown
	SignedPDF           string            `json:"signed_pdf,omitempty"`
	TerminationDate     Date              `json:"termination_date,omitempty"`
	TerminationReason   string            `json:"termination_reason,omitempty"`
	TerminationInvoice  string            `json:"termination_invoice,omitempty"`
	HubKey              string            `json:"hub_key,omitempty"`
}

// ContractBenefit is something granted with a contract; the law treats its
// kinds differently at termination.
type ContractBenefit struct {
	Row
	Description    string    `json:"description,omitempty"`
	Kind           string    `json:"kind,omitempty"` // goods_rebate, service_discount, install_waiver, gift
	RegularPrice   hub.Money `json:"regular_price,omitzero"`
	GrantedPrice   hub.Money `json:"granted_price,omitzero"`
	Economy        hub.Money `json:"economy,omitzero"` // regular - granted
	RecognisedUpTo Date      `json:"recognised_to_date,omitempty"`
	ResidualValue  hub.Money `json:"residual_value,omitzero"`
}

// ServiceSubscription is a service that a customer has or waits for.
type ServiceSubscription struct {
	Doc
	Customer         string    `json:"customer,omitempty"`
	ServiceLocation  string    `json:"service_location,omitempty"`
	ServiceCategory  string    `json:"service_category,omitempty"` // Internet, IPTV, VoIP, Bundle, Other
	PlanName         string    `json:"plan_name,omitempty"`        // free text
	Item             string    `json:"item,omitempty"`
	MonthlyPrice     hub.Money `json:"monthly_price,omitzero"` // below zero for a rebate
	BillingCycle     string    `json:"billing_cycle,omitempty"`
	ContractDuration int       `json:"contract_duration,omitempty"` // months
	Status           string    `json:"status,omitempty"`            // StatusPending ... StatusCancelled
	StartDate        Date      `json:"start_date,omitempty"`
	EndDate          Date      `json:"end_date,omitempty"`
	CancellationDate Date      `json:"cancellation_date,omitempty"`
	ServiceContract  string    `json:"service_contract,omitempty"`
	ActivationJob    string    `json:"activation_job,omitempty"`
	DisplayOrder     int       `json:"display_order,omitempty"`
	HubKey           string    `json:"hub_key,omitempty"`
}

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
	Latitude        float64       `json:"latitude,omitempty"`
	Longitude       float64       `json:"longitude,omitempty"`
	Address         string        `json:"address,omitempty"`
	Published       Flag          `json:"published,omitempty"`
	ActualStart     Datetime      `json:"actual_start,omitzero"`
	ActualEnd       Datetime      `json:"actual_end,omitzero"`
	CompletionNotes string        `json:"completion_notes,omitempty"`
	HubKey          string        `json:"hub_key,omitempty"`
}

// Final tells that the job will not change any more.
func (j DispatchJob) Final() bool {
	return j.Status == schema.JobCompleted || j.Status == schema.JobCancelled
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

// TagLink is a skill or another tag of a job or technician.
type TagLink struct {
	Row
	Tag      string `json:"tag,omitempty"`
	Level    int    `json:"level,omitempty"` // 1 to 5
	Required Flag   `json:"required,omitempty"`
}

// DispatchTechnician is somebody (or something) that jobs are given to.
type DispatchTechnician struct {
	Doc
	TechnicianID    string    `json:"technician_id,omitempty"`
	FullName        string    `json:"full_name,omitempty"`
	User            string    `json:"user,omitempty"`
	Status          string    `json:"status,omitempty"`
	Phone           string    `json:"phone,omitempty"`
	Email           string    `json:"email,omitempty"`
	Color           string    `json:"color,omitempty"`
	AssignedGroup   string    `json:"assigned_group,omitempty"`
	TraccarDeviceID string    `json:"traccar_device_id,omitempty"`
	HomeLatitude    float64   `json:"home_base_latitude,omitempty"`
	HomeLongitude   float64   `json:"home_base_longitude,omitempty"`
	MaxDailyHours   float64   `json:"max_daily_hours,omitempty"`
	ResourceType    string    `json:"resource_type,omitempty"` // human, material
	Active          Flag      `json:"active,omitempty"`
	Tags            []TagLink `json:"tags,omitempty"`
}
