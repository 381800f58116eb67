package document

import (
	"strings"

	"gigafibre.ca/targo-hub/hub"
)

// Customer is who is served and billed. Migrated customers have their numbers
// and addresses in the fields of the former system; use Contact.
type Customer struct {
	Doc
	CustomerName     string `json:"customer_name,omitempty"`
	CustomerType     string `json:"customer_type,omitempty"`
	CustomerGroup    string `json:"customer_group,omitempty"` // Résidentiel, Commercial
	Territory        string `json:"territory,omitempty"`
	Language         string `json:"language,omitempty"`
	Disabled         Flag   `json:"disabled,omitempty"`
	IsCommercial     Flag   `json:"is_commercial,omitempty"`
	IsVIP            Flag   `json:"is_vip,omitempty"`
	PPAEnabled       Flag   `json:"ppa_enabled,omitempty"` // pays by pre-authorised payment
	MobileNo         string `json:"mobile_no,omitempty"`
	EmailID          string `json:"email_id,omitempty"`
	CellPhone        string `json:"cell_phone,omitempty"`
	TelHome          string `json:"tel_home,omitempty"` // a land line: voice only
	EmailBilling     string `json:"email_billing,omitempty"`
	SMSOptOut        Flag   `json:"sms_opt_out,omitempty"`
	EmailOptOut      Flag   `json:"email_opt_out,omitempty"`
	ConsentSource    string `json:"consent_source,omitempty"` // how the customer agreed to commercial messages, in words
	ConsentDate      Date   `json:"consent_date,omitempty"`   // and when
	StripeCustomerID string `json:"stripe_customer_id,omitempty"`
}

// ServiceLocation is an address that is or can be served.
type ServiceLocation struct {
	Doc
	Customer     string  `json:"customer,omitempty"`
	LocationName string  `json:"location_name,omitempty"`
	Status       string  `json:"status,omitempty"`
	AddressLine  string  `json:"address_line,omitempty"`
	City         string  `json:"city,omitempty"`
	Province     string  `json:"province,omitempty"`
	PostalCode   string  `json:"postal_code,omitempty"`
	Latitude     float64 `json:"latitude,omitempty"`
	Longitude    float64 `json:"longitude,omitempty"`
	Connection   string  `json:"connection_type,omitempty"`
	OLTName      string  `json:"olt_name,omitempty"`
	OLTSlot      int     `json:"olt_slot,omitempty"`
	OLTPort      int     `json:"olt_port,omitempty"`
	ONUID        int     `json:"onu_id,omitempty"`
	VLAN         int     `json:"vlan,omitempty"`
	NetworkNotes string  `json:"network_notes,omitempty"`
	AccessNotes  string  `json:"access_notes,omitempty"` // door codes: never in a message, never in a log
	ContactName  string  `json:"contact_name,omitempty"`
	ContactPhone string  `json:"contact_phone,omitempty"`
	HubKey       string  `json:"hub_key,omitempty"`
}

// Address is the location in one line: "12 rue Exemple, Granby QC J2G 0A0".
func (l ServiceLocation) Address() string {
	region := strings.Join(strings.Fields(l.City+" "+l.Province+" "+l.PostalCode), " ")
	return strings.Trim(strings.TrimSpace(l.AddressLine)+", "+region, ", ")
}

// Contact is how a customer is reached. Empty members: not at all that way.
type Contact struct {
	Name  string
	Phone hub.Phone // takes SMS
	Voice hub.Phone // for calls only; Phone when there is no other
	Mail  string
	Lang  hub.Lang
}

// Contact picks the customer's number, address and language. What cannot be a
// number or an address is passed over.
func (c Customer) Contact() Contact {
	contact := Contact{
		Name:  c.CustomerName,
		Phone: firstPhone(c.CellPhone, c.MobileNo),
		Mail:  firstMail(c.EmailBilling, c.EmailID),
		Lang:  hub.LangOf(c.Language),
	}
	contact.Voice = firstPhone(c.TelHome, string(contact.Phone))
	return contact
}

func firstPhone(texts ...string) hub.Phone {
	for _, text := range texts {
		if p, err := hub.ParsePhone(text); err == nil {
			return p
		}
	}
	return ""
}

// firstMail reads fields that may hold several addresses, as people type them.
func firstMail(texts ...string) string {
	for _, text := range texts {
		for _, part := range strings.FieldsFunc(text, apart) {
			if a, err := hub.ParseMail(part); err == nil {
				return a
			}
		}
	}
	return ""
}
