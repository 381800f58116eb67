// Package card is what is shown of a device: seven cards, each with its state, its
// data and the lines that a page makes of it. Secrets have no place on them but for
// the Wi-Fi, which somebody has to put there.
//
// It is a room of package device: no routes, no events. It calls nothing and
// remembers nothing.
package card

import "time"

// The cards, in the order in which they are shown.
const (
	Equipment    = "equipment"
	Customer     = "customer"
	Location     = "location"
	Subscription = "subscription"
	Issues       = "issues"
	Jobs         = "jobs"
	OLT          = "olt"
)

// The states of a card.
const (
	OK    = "ok"
	Empty = "empty"
	Fault = "error"
	Stale = "stale"
)

// Card is one side of a device.
type Card struct {
	Name   string    `json:"-"`
	Status string    `json:"status" enum:"ok,empty,error,stale"`
	AsOf   time.Time `json:"as_of" doc:"When this was so: now, or when it was last seen"`
	Data   any       `json:"data" doc:"null when empty or not to be had"`
	Note   string    `json:"note,omitempty" doc:"Why there is nothing, or why it is old, in words"`
}

// Wifi is the wireless network of a device.
type Wifi struct {
	SSID     string `json:"ssid"`
	Password string `json:"password"`
}
