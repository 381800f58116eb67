package find

import "gigafibre.ca/targo-hub/erpnext"

// Row is a device with what it links to, read in one call.
type Row struct {
	erpnext.ServiceEquipment
	WifiKept      string       `json:"wifi_password,omitempty"` // asterisks when there is a password
	CustomerName  string       `json:"row_customer_name,omitempty"`
	CustomerType  string       `json:"row_customer_type,omitempty"`
	Language      string       `json:"row_language,omitempty"`
	Cell          string       `json:"row_cell,omitempty"`
	Mobile        string       `json:"row_mobile,omitempty"`
	Home          string       `json:"row_home,omitempty"`
	VIP           erpnext.Flag `json:"row_vip,omitempty"`
	LocationName  string       `json:"row_location_name,omitempty"`
	LocationState string       `json:"row_location_status,omitempty"`
	Street        string       `json:"row_street,omitempty"`
	City          string       `json:"row_city,omitempty"`
	Province      string       `json:"row_province,omitempty"`
	PostalCode    string       `json:"row_postal_code,omitempty"`
	Latitude      float64      `json:"row_latitude,omitempty"`
	Longitude     float64      `json:"row_longitude,omitempty"`
	Connection    string       `json:"row_connection,omitempty"`
	ContactName   string       `json:"row_contact_name,omitempty"`
	ContactPhone  string       `json:"row_contact_phone,omitempty"`
	HolderName    string       `json:"row_holder,omitempty"`
}

// Address is where the device is, in one line.
func (r *Row) Address() string {
	return erpnext.ServiceLocation{AddressLine: r.Street, City: r.City, Province: r.Province, PostalCode: r.PostalCode}.Address()
}

func columns() []string {
	return []string{
		"name", "modified", "equipment_type", "brand", "model", "serial_number", "mac_address", "barcode", "gpon_serial", "cwmp_serial",
		"status", "customer", "service_location", "subscription", "olt_name", "olt_slot", "olt_port", "onu_id", "warehouse",
		"held_by_technician", "hub_key", "wifi_ssid", "wifi_password", "ip_address", "firmware_version",
		"customer.customer_name as row_customer_name", "customer.customer_type as row_customer_type", "customer.language as row_language",
		"customer.cell_phone as row_cell", "customer.mobile_no as row_mobile", "customer.tel_home as row_home", "customer.is_vip as row_vip",
		"service_location.location_name as row_location_name", "service_location.status as row_location_status",
		"service_location.address_line as row_street", "service_location.city as row_city", "service_location.province as row_province",
		"service_location.postal_code as row_postal_code", "service_location.latitude as row_latitude", "service_location.longitude as row_longitude",
		"service_location.connection_type as row_connection", "service_location.contact_name as row_contact_name",
		"service_location.contact_phone as row_contact_phone", "held_by_technician.full_name as row_holder",
	}
}
