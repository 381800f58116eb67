package document

import "gigafibre.ca/targo-hub/hub"

// ServiceContract is what a customer signed.
type ServiceContract struct {
	Doc
	Customer                string            `json:"customer,omitempty"`
	ServiceLocation         string            `json:"service_location,omitempty"`
	Quotation               string            `json:"quotation,omitempty"`
	ServiceSubscription     string            `json:"service_subscription,omitempty"` // never the stock Subscription
	InstallTemplate         string            `json:"install_template,omitempty"`
	ContractType            string            `json:"contract_type,omitempty"` // Residential or Commercial
	Status                  string            `json:"status,omitempty"`        // ContractDraft ... ContractTerminated
	StartDate               Date              `json:"start_date,omitempty"`
	EndDate                 Date              `json:"end_date,omitempty"`
	DurationMonths          int               `json:"duration_months,omitempty"`
	MonthsElapsed           int               `json:"months_elapsed,omitempty"`
	MonthlyRate             hub.Money         `json:"monthly_rate,omitzero"`
	InstallFee              hub.Money         `json:"install_fee,omitzero"`
	TotalBenefits           hub.Money         `json:"total_benefits,omitzero"`
	ResidualTotal           hub.Money         `json:"residual_total,omitzero"`
	Benefits                []ContractBenefit `json:"benefits,omitempty"`
	SignatureMethod         string            `json:"signature_method,omitempty"`
	SignedAt                Datetime          `json:"signed_at,omitzero"`
	SignerName              string            `json:"signer_name,omitempty"`
	SignerIP                string            `json:"signer_ip,omitempty"`
	SignerUserAgent         string            `json:"signer_user_agent,omitempty"`
	DocumentSHA256          string            `json:"document_sha256,omitempty"` // of the document that was shown
	SignedPDF               string            `json:"signed_pdf,omitempty"`
	TerminationFeeBenefits  hub.Money         `json:"termination_fee_benefits,omitzero"`
	TerminationFeeRemaining hub.Money         `json:"termination_fee_remaining,omitzero"`
	TerminationFeeTotal     hub.Money         `json:"termination_fee_total,omitzero"`
	TerminationDate         Date              `json:"termination_date,omitempty"`
	TerminationReason       string            `json:"termination_reason,omitempty"`
	TerminationInvoice      string            `json:"termination_invoice,omitempty"`
	HubKey                  string            `json:"hub_key,omitempty"`
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
	SpeedDown        int       `json:"speed_down,omitempty"` // Mbit/s
	SpeedUp          int       `json:"speed_up,omitempty"`
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
	PromoAmount      hub.Money `json:"promo_amount,omitzero"`       // off the price, until the promotion ends
	PromoEndDate     Date      `json:"promo_end_date,omitempty"`    // its last day; "" is no end
	SuspendedOn      Date      `json:"suspended_on,omitempty"`      // the first day without service
	SuspensionReason string    `json:"suspension_reason,omitempty"` // why, in words
	VacationFrom     Date      `json:"vacation_from,omitempty"`     // the first day of a pause that the customer asked for
	VacationTo       Date      `json:"vacation_to,omitempty"`       // and the last
	LegacyServiceID  string    `json:"legacy_service_id,omitempty"` // in the former system
	HubKey           string    `json:"hub_key,omitempty"`
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
	Language        string    `json:"language,omitempty"` // fr, en; "" is fr
	Color           string    `json:"color,omitempty"`
	AssignedGroup   string    `json:"assigned_group,omitempty"`
	TraccarDeviceID string    `json:"traccar_device_id,omitempty"`
	HomeLatitude    float64   `json:"home_base_latitude,omitempty"`
	HomeLongitude   float64   `json:"home_base_longitude,omitempty"`
	EndLatitude     float64   `json:"end_point_latitude,omitempty"` // where the day ends, when that is not at home
	EndLongitude    float64   `json:"end_point_longitude,omitempty"`
	Photo           string    `json:"photo,omitempty"` // file_url
	MaxDailyHours   float64   `json:"max_daily_hours,omitempty"`
	ResourceType    string    `json:"resource_type,omitempty"` // human, material
	Active          Flag      `json:"active,omitempty"`
	Warehouse       string    `json:"warehouse,omitempty"` // the van
	Tags            []TagLink `json:"tags,omitempty"`
}

// Works tells that it is a person who has not left: among technicians there are
// lorries, too.
func (t *DispatchTechnician) Works() bool { return bool(t.Active) && t.ResourceType != "material" }
