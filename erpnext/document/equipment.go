package document

import "gigafibre.ca/targo-hub/hub"

// ServiceEquipment is a device of the network, at a customer's, in a van or in
// stock. Its passwords are not read into it.
type ServiceEquipment struct {
	Doc
	EquipmentType   string          `json:"equipment_type,omitempty"` // ONT, Modem, Router ...
	Brand           string          `json:"brand,omitempty"`
	Model           string          `json:"model,omitempty"`
	SerialNumber    string          `json:"serial_number,omitempty"`
	MACAddress      string          `json:"mac_address,omitempty"`
	Barcode         string          `json:"barcode,omitempty"`
	GPONSerial      string          `json:"gpon_serial,omitempty"`
	CWMPSerial      string          `json:"cwmp_serial,omitempty"`
	WifiSSID        string          `json:"wifi_ssid,omitempty"` // the password is read apart, by who may
	IPAddress       string          `json:"ip_address,omitempty"`
	Firmware        string          `json:"firmware_version,omitempty"`
	Status          string          `json:"status,omitempty"` // EquipmentInventory ... EquipmentScrapped
	Customer        string          `json:"customer,omitempty"`
	ServiceLocation string          `json:"service_location,omitempty"`
	Subscription    string          `json:"subscription,omitempty"` // a Service Subscription
	OLTName         string          `json:"olt_name,omitempty"`
	OLTSlot         int             `json:"olt_slot,omitempty"`
	OLTPort         int             `json:"olt_port,omitempty"`
	ONUID           int             `json:"onu_id,omitempty"`
	Warehouse       string          `json:"warehouse,omitempty"`
	HeldBy          string          `json:"held_by_technician,omitempty"`
	MoveLog         []EquipmentMove `json:"move_log,omitempty"`
	HubKey          string          `json:"hub_key,omitempty"`
}

// EquipmentMove is a line of a device's history. SourceKey is what caused it,
// once.
type EquipmentMove struct {
	Row
	MovedOn       Datetime `json:"moved_on,omitzero"`
	Action        string   `json:"action,omitempty"` // MoveInstall ... MoveScrap
	FromLocation  string   `json:"from_location,omitempty"`
	ToLocation    string   `json:"to_location,omitempty"`
	FromWarehouse string   `json:"from_warehouse,omitempty"`
	ToWarehouse   string   `json:"to_warehouse,omitempty"`
	Technician    string   `json:"technician,omitempty"`
	DispatchJob   string   `json:"dispatch_job,omitempty"`
	Condition     string   `json:"condition,omitempty"` // good, damaged, unknown
	Notes         string   `json:"notes,omitempty"`
	SourceKey     string   `json:"source_key,omitempty"`
}

// Warehouse is a place where stock lies; a technician's van is one.
type Warehouse struct {
	Doc
	WarehouseName   string `json:"warehouse_name,omitempty"`
	IsGroup         Flag   `json:"is_group,omitempty"`
	Company         string `json:"company,omitempty"`
	ParentWarehouse string `json:"parent_warehouse,omitempty"`
	Disabled        Flag   `json:"disabled,omitempty"`
}

// Bin is how much of an item lies in a warehouse.
type Bin struct {
	Doc
	ItemCode  string  `json:"item_code,omitempty"`
	Warehouse string  `json:"warehouse,omitempty"`
	ActualQty float64 `json:"actual_qty,omitempty"`
	StockUOM  string  `json:"stock_uom,omitempty"`
}

// StockEntry moves stock; it counts once it was submitted.
type StockEntry struct {
	Doc
	StockEntryType string           `json:"stock_entry_type,omitempty"` // MaterialIssue, Material Receipt, Material Transfer
	Purpose        string           `json:"purpose,omitempty"`          // follows the type
	Company        string           `json:"company,omitempty"`
	PostingDate    Date             `json:"posting_date,omitempty"`
	PostingTime    string           `json:"posting_time,omitempty"`
	SetPostingTime Flag             `json:"set_posting_time,omitempty"` // else the date is today's whatever was sent
	FromWarehouse  string           `json:"from_warehouse,omitempty"`
	ToWarehouse    string           `json:"to_warehouse,omitempty"`
	Remarks        string           `json:"remarks,omitempty"`
	Items          []StockEntryItem `json:"items,omitempty"`
	HubKey         string           `json:"custom_hub_key,omitempty"`
}

// StockEntryItem is a line of a StockEntry. Serial numbers are taken from it
// only when UseSerialFields is set.
type StockEntryItem struct {
	Row
	ItemCode        string    `json:"item_code,omitempty"`
	Qty             float64   `json:"qty,omitempty"`
	UOM             string    `json:"uom,omitempty"`
	SWarehouse      string    `json:"s_warehouse,omitempty"` // taken from
	TWarehouse      string    `json:"t_warehouse,omitempty"` // put to
	BasicRate       hub.Money `json:"basic_rate,omitzero"`
	SerialNo        string    `json:"serial_no,omitempty"` // one a line
	UseSerialFields Flag      `json:"use_serial_batch_fields,omitempty"`
	ExpenseAccount  string    `json:"expense_account,omitempty"`
}
