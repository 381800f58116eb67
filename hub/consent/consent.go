// Package consent answers by what right we may write to somebody for commercial
// ends, as Canada's law on commercial messages wants it known: because the
// customer agreed (express), or because a contract or a subscription runs or ended
// less than two years ago (implied). Who opted out may not be written to, whatever
// else is known.
//
// Routes: none. Events: none.
// Systems called: ERPNext (Customer, Service Contract, Service Subscription).
// Remembers: for a minute what it answered, and one job of kind consent.write for
// each change of mind that is to be written on a Customer.
package consent

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// KindWrite is the kind of the jobs that write a change of mind on a Customer.
const KindWrite = "consent.write"

// The channels.
const (
	SMS   = "sms"
	Email = "email"
)

// SourceBounce is the source of a change that nobody wished: the address does not
// exist. It says nothing about the customer.
const SourceBounce = "hard bounce"

// Store is what the register needs of hub/keep.
type Store interface {
	keep.Queue
	keep.Lists
}

// Deps is what the register works with. Without ERPNext nobody has agreed to
// anything.
type Deps struct {
	ERPNext *erpnext.Client
	Store   Store
	Now     func() time.Time
	Log     *slog.Logger
}

// Register knows who agreed to what.
type Register struct {
	erp   *erpnext.Client
	store Store
	now   func() time.Time
	log   *slog.Logger

	mu    sync.Mutex
	known map[question]answer
	turn  int // raised by every change of mind
}

// New makes a register.
func New(d Deps) *Register {
	return &Register{erp: d.ERPNext, store: d.Store, now: d.Now, log: d.Log.With("part", "consent"), known: map[question]answer{}}
}

// holders lists the customers who have an address.
func (r *Register) holders(ctx context.Context, channel, address string) ([]erpnext.Customer, error) {
	if channel == Email {
		return erpnext.CustomersByMail(ctx, r.erp, address)
	}
	number, err := hub.ParsePhone(address)
	if err != nil {
		return nil, nil
	}
	return erpnext.CustomersByPhone(ctx, r.erp, number)
}

// has tells whether the address is the customer's own. What is no address is
// nobody's.
func has(c erpnext.Customer, channel, address string) bool {
	if channel == Email {
		return address != "" && c.HasMail(address)
	}
	number, err := hub.ParsePhone(address)
	return err == nil && c.HasPhone(number)
}

func optedOut(c erpnext.Customer, channel string) bool {
	if channel == Email {
		return bool(c.EmailOptOut)
	}
	return bool(c.SMSOptOut)
}

// fieldOf is the box of a channel on a Customer.
func fieldOf(channel string) string {
	switch channel {
	case SMS:
		return "sms_opt_out"
	case Email:
		return "email_opt_out"
	}
	return ""
}
