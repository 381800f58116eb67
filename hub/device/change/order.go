package change

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/saga"
)

// Order is what every change has.
type Order struct {
	Key        string    // the same key is the same change; "" is one of its own
	Job        string    // the visit
	At         time.Time // when it happened; zero is now
	Technician string    // who writes for his own visits; "" is the office, for any
	By         string    // who asks, for the audit: hub.Actor.String()
}

// LinkOrder puts a device into service on a visit, or takes it back.
type LinkOrder struct {
	Order
	Equipment string // its document, or any of its codes
	Action    string // installed (also when empty) or removed
	Confirm   bool   // take it although it is active elsewhere
	Source    string // barcode, label or manual; "" when it was not scanned
}

// SwapOrder has a device take the place of another.
type SwapOrder struct {
	Order
	Old, New  string // documents, or any of their codes
	Reason    string // defective, upgrade, end or other: defective marks the old one
	Condition string // of the old one: good, damaged or unknown; damaged marks it too
	Notes     string
	Confirm   bool // take the new one although it is active elsewhere
	Source    string
}

// CreateOrder adds a device; with a visit it is put into service there as well.
type CreateOrder struct {
	Order
	Type, Brand, Model string
	Serial, MAC        string // one of them at least; the number of an ONU goes as serial
	Barcode            string
	Source             string
}

// among refuses a value that is none of those that ERPNext has for its field; "" is
// left to whoever reads the order.
func among(pointer, value string, of ...string) error {
	if value == "" || slices.Contains(of, value) {
		return nil
	}
	return hub.Fail(hub.Invalid, "invalid", "The order cannot be carried out as it is written.", nil,
		hub.WithField(pointer, "must be one of "+strings.Join(of, ", ")))
}

func (o LinkOrder) check() error {
	return cmp.Or(among("/action", o.Action, erpnext.EquipmentInstalled, erpnext.EquipmentRemoved), scanned(o.Source))
}

func (o SwapOrder) check() error {
	return cmp.Or(among("/reason", o.Reason, "defective", "upgrade", "end", "other"),
		among("/condition", o.Condition, "good", "damaged", "unknown"), scanned(o.Source))
}

func scanned(source string) error { return among("/source", source, "barcode", "label", "manual") }

// Changed is what became of an order.
type Changed struct {
	Equipment Brief            `json:"equipment" doc:"The device that is in service, was added or taken back"`
	Old       *Brief           `json:"old,omitempty" doc:"The device that it took the place of"`
	Job       string           `json:"job,omitempty"`
	Steps     []saga.StepState `json:"steps" nullable:"false"`
	Work      string           `json:"work" doc:"The job that carried it"`
}

// Brief is a device in short.
type Brief struct {
	Name     string `json:"name"`
	Type     string `json:"equipment_type"`
	Brand    string `json:"brand"`
	Model    string `json:"model"`
	Serial   string `json:"serial_number"`
	GPON     string `json:"gpon_serial"`
	MAC      string `json:"mac_address"`
	Barcode  string `json:"barcode"`
	Status   string `json:"status" doc:"inventory, active, defective, returned or scrapped"`
	Customer string `json:"customer" doc:"Empty where it is not the caller's to know"`
	Location string `json:"service_location" doc:"As customer"`
}

// BriefOf is a device in short.
func BriefOf(e *erpnext.ServiceEquipment) Brief {
	return Brief{
		Name: e.Name, Type: e.EquipmentType, Brand: e.Brand, Model: e.Model, Serial: e.SerialNumber, GPON: e.GPONSerial, MAC: e.MACAddress,
		Barcode: e.Barcode, Status: e.Status, Customer: e.Customer, Location: e.ServiceLocation,
	}
}

// Veiled leaves out whose it is, and where.
func (b Brief) Veiled() Brief {
	b.Customer, b.Location = "", ""
	return b
}
