package card

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Fact is one line of a card: a stable key, which a page has words for, and a value
// as it is.
type Fact struct{ Key, Value string }

// Facts are the lines of a card; none when there is nothing on it.
func (c Card) Facts() []Fact {
	var all lines
	switch data := c.Data.(type) {
	case *EquipmentData:
		all.add("equipment_type", data.Type)
		all.add("brand", data.Brand)
		all.add("model", data.Model)
		all.add("serial_number", data.Serial)
		all.add("gpon_serial", data.GPON)
		all.add("mac_address", data.MAC)
		all.add("status", data.Status)
		all.add("firmware_version", data.Firmware)
		all.add("held_by", data.HolderName)
		if data.Wifi != nil {
			all.add("wifi_ssid", data.Wifi.SSID)
			all.add("wifi_password", data.Wifi.Password)
		}
	case *CustomerData:
		all.add("customer_name", data.CustomerName)
		all.add("phone", data.Phone)
	case *LocationData:
		all.add("address", data.Address)
		all.add("connection_type", data.Connection)
		all.add("contact_name", data.ContactName)
		all.add("contact_phone", data.ContactPhone)
	case *SubscriptionData:
		all.add("plan_name", data.Plan)
		all.add("service_category", data.Category)
		all.add("status", data.Status)
		if data.SpeedDown > 0 {
			all.add("speed", fmt.Sprintf("%d / %d Mbit/s", data.SpeedDown, data.SpeedUp))
		}
	case IssuesData:
		for _, issue := range data.Items {
			all.add("issue", issue.Name+" · "+issue.Subject)
		}
	case JobsData:
		for _, job := range data.Items {
			when := strings.TrimSpace(string(job.Date) + " " + job.Start)
			all.add("job", strings.ReplaceAll(job.Name+" · "+when+" · "+job.Subject, " ·  · ", " · "))
		}
	case *LineData:
		data.facts(&all)
	}
	return all
}

type lines []Fact

func (l *lines) add(key, value string) {
	if value != "" {
		*l = append(*l, Fact{key, value})
	}
}

func (d *LineData) facts(all *lines) {
	all.add("olt_name", d.OLT)
	if d.OLT != "" {
		all.add("olt_port", strconv.Itoa(d.Slot)+"/"+strconv.Itoa(d.Port)+"/"+strconv.Itoa(d.ONU))
	}
	if d.State == nil {
		return
	}
	raw, err := json.Marshal(d.State)
	var state map[string]any
	if err != nil || json.Unmarshal(raw, &state) != nil {
		return
	}
	for _, key := range []string{"state", "cause", "rx_dbm", "tx_dbm", "olt_rx_dbm", "distance_m", "grade"} {
		if value, has := state[key]; has && value != nil {
			all.add(key, fmt.Sprint(value))
		}
	}
}
