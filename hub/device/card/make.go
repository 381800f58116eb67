package card

import (
	"html"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/device/find"
)

// EquipmentOf is the device itself; wifi may be nil.
func EquipmentOf(row *find.Row, wifi *Wifi) *EquipmentData {
	return &EquipmentData{
		Name: row.Name, Type: row.EquipmentType, Brand: row.Brand, Model: row.Model, Serial: row.SerialNumber, MAC: row.MACAddress,
		Barcode: row.Barcode, GPON: row.GPONSerial, Status: row.Status, Firmware: row.Firmware, IPAddress: row.IPAddress,
		Warehouse: row.Warehouse, HeldBy: row.HeldBy, HolderName: row.HolderName, Wifi: wifi,
	}
}

// CustomerOf is whose it is.
func CustomerOf(row *find.Row) *CustomerData {
	contact := erpnext.Customer{CustomerName: row.CustomerName, Language: row.Language, CellPhone: row.Cell, MobileNo: row.Mobile, TelHome: row.Home}.Contact()
	phone := contact.Phone
	if phone == "" {
		phone = contact.Voice
	}
	return &CustomerData{
		Name: row.Customer, CustomerName: row.CustomerName, Type: row.CustomerType, Language: string(contact.Lang), Phone: string(phone), VIP: bool(row.VIP),
	}
}

// LocationOf is where it is.
func LocationOf(row *find.Row) *LocationData {
	phone, err := hub.ParsePhone(row.ContactPhone)
	if err != nil {
		phone = ""
	}
	return &LocationData{
		Name: row.ServiceLocation, LocationName: row.LocationName, Status: row.LocationState, Address: row.Address(), City: row.City,
		PostalCode: row.PostalCode, Latitude: row.Latitude, Longitude: row.Longitude, Connection: row.Connection,
		ContactName: row.ContactName, ContactPhone: string(phone),
	}
}

// SubscriptionOf picks the device's own service, else one of its place: an active
// one first. Nil when there is none.
func SubscriptionOf(rows []erpnext.ServiceSubscription, own string) *SubscriptionData {
	best, rank := -1, 0
	for i, s := range rows {
		now := 1
		switch {
		case s.Name == own:
			now = 4
		case s.Status == erpnext.StatusActive:
			now = 3
		case s.Status == erpnext.StatusPending || s.Status == erpnext.StatusSuspended:
			now = 2
		}
		if now > rank {
			best, rank = i, now
		}
	}
	if best < 0 {
		return nil
	}
	s := rows[best]
	return &SubscriptionData{
		Name: s.Name, Category: s.ServiceCategory, Plan: s.PlanName, Status: s.Status, SpeedDown: s.SpeedDown, SpeedUp: s.SpeedUp,
		Price: s.MonthlyPrice, Cycle: s.BillingCycle, Start: s.StartDate, End: s.EndDate, Own: s.Name == own, Others: len(rows) - 1,
	}
}

// IssuesOf are the open requests.
func IssuesOf(rows []erpnext.Issue) IssuesData {
	out := IssuesData{Items: make([]IssueData, len(rows))}
	for i, r := range rows {
		out.Items[i] = IssueData{r.Name, html.UnescapeString(r.Subject), r.Status, r.Priority, r.IssueType, r.OpeningDate}
	}
	return out
}

// JobsOf are the visits to come.
func JobsOf(rows []erpnext.DispatchJob) JobsData {
	out := JobsData{Items: make([]JobData, len(rows))}
	for i, r := range rows {
		out.Items[i] = JobData{r.Name, html.UnescapeString(r.Subject), r.JobType, r.Status, r.ScheduledDate, clock(r.StartTime), r.AssignedTech}
	}
	return out
}

// clock is a time of day as people read it: "8:00:00" is "08:00".
func clock(text string) string {
	t, err := time.Parse(time.TimeOnly, text)
	if err != nil {
		return text
	}
	return t.Format("15:04")
}
