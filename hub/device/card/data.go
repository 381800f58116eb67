package card

import (
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// EquipmentData is the device itself.
type EquipmentData struct {
	Name       string `json:"name"`
	Type       string `json:"equipment_type"`
	Brand      string `json:"brand"`
	Model      string `json:"model"`
	Serial     string `json:"serial_number"`
	MAC        string `json:"mac_address"`
	Barcode    string `json:"barcode"`
	GPON       string `json:"gpon_serial"`
	Status     string `json:"status"`
	Firmware   string `json:"firmware_version"`
	IPAddress  string `json:"ip_address"`
	Warehouse  string `json:"warehouse"`
	HeldBy     string `json:"held_by_technician"`
	HolderName string `json:"holder_name"`
	Wifi       *Wifi  `json:"wifi,omitempty" doc:"For the technician who has an open visit there; every look is written down"`
}

// CustomerData is whose it is.
type CustomerData struct {
	Name         string `json:"name"`
	CustomerName string `json:"customer_name"`
	Type         string `json:"customer_type"`
	Language     string `json:"language"`
	Phone        string `json:"phone" doc:"E.164, or empty"`
	VIP          bool   `json:"vip"`
}

// LocationData is where it is.
type LocationData struct {
	Name         string  `json:"name"`
	LocationName string  `json:"location_name"`
	Status       string  `json:"status"`
	Address      string  `json:"address"`
	City         string  `json:"city"`
	PostalCode   string  `json:"postal_code"`
	Latitude     float64 `json:"latitude"`
	Longitude    float64 `json:"longitude"`
	Connection   string  `json:"connection_type"`
	ContactName  string  `json:"contact_name"`
	ContactPhone string  `json:"contact_phone" doc:"E.164, or empty"`
}

// SubscriptionData is the service that it gives.
type SubscriptionData struct {
	Name      string       `json:"name"`
	Category  string       `json:"service_category"`
	Plan      string       `json:"plan_name"`
	Status    string       `json:"status"`
	SpeedDown int          `json:"speed_down" doc:"Mbit/s"`
	SpeedUp   int          `json:"speed_up" doc:"Mbit/s"`
	Price     hub.Money    `json:"monthly_price"`
	Cycle     string       `json:"billing_cycle"`
	Start     erpnext.Date `json:"start_date"`
	End       erpnext.Date `json:"end_date"`
	Own       bool         `json:"own" doc:"The device names it; else it is that of its place"`
	Others    int          `json:"others" doc:"More of its place"`
}

// IssuesData are the requests that are open.
type IssuesData struct {
	Items []IssueData `json:"items" nullable:"false"`
}

// IssueData is one of them.
type IssueData struct {
	Name     string       `json:"name"`
	Subject  string       `json:"subject"`
	Status   string       `json:"status"`
	Priority string       `json:"priority"`
	Type     string       `json:"issue_type"`
	Opened   erpnext.Date `json:"opening_date"`
}

// JobsData are the visits to come.
type JobsData struct {
	Items []JobData `json:"items" nullable:"false"`
}

// JobData is one of them.
type JobData struct {
	Name       string       `json:"name"`
	Subject    string       `json:"subject"`
	Type       string       `json:"job_type"`
	Status     string       `json:"status"`
	Date       erpnext.Date `json:"scheduled_date"`
	Start      string       `json:"start_time"`
	Technician string       `json:"assigned_tech"`
}

// LineData is where an ONU hangs, and how it feels when that can be told.
type LineData struct {
	OLT   string `json:"olt_name"`
	Slot  int    `json:"olt_slot"`
	Port  int    `json:"olt_port"`
	ONU   int    `json:"onu_id"`
	State any    `json:"state" doc:"As the network part tells it; null when it does not"`
}
