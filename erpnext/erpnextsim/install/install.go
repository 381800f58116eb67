// Package install makes blank ERPNext sites for the simulator: the stock doctypes
// with their tables, the users Administrator and Guest, and what else every
// installation has. It keeps one of each kind in memory to copy from.
package install

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/rules"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/schema"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// Blank is a freshly installed site: every new one begins as a copy of it.
type Blank struct {
	Set   *meta.Set
	Image []byte // the database file
}

// The blank sites are made when they are first needed, because creating more than a
// hundred tables takes longer than most tests; they never change after that.
var (
	newer      = sync.OnceValues(func() (Blank, error) { return install(true, profile.V16) })
	newerExact = sync.OnceValues(func() (Blank, error) { return install(false, profile.V16) })
	older      = sync.OnceValues(func() (Blank, error) { return install(true, profile.V15) })
	olderExact = sync.OnceValues(func() (Blank, error) { return install(false, profile.V15) })
)

// Site returns the blank site of a release whose database ignores case, or the one
// whose does not.
func Site(nocase bool, release profile.Profile) (Blank, error) {
	switch {
	case nocase && release == profile.V16:
		return newer()
	case release == profile.V16:
		return newerExact()
	case nocase:
		return older()
	}
	return olderExact()
}

// install makes a site with the stock doctypes, the users Administrator and Guest
// and what every installation has. It was installed on the first day of 2024.
func install(nocase bool, release profile.Profile) (Blank, error) {
	ctx := context.Background()
	set, err := meta.Stock(release)
	if err != nil {
		return Blank{}, fmt.Errorf("reading stock doctypes: %w", err)
	}
	db, err := store.Open(ctx, "", nocase, nil)
	if err != nil {
		return Blank{}, err
	}
	err = found(ctx, db, set)
	image := []byte(nil)
	if err == nil {
		image, err = db.Image(ctx)
	}
	return Blank{Set: set, Image: image}, errors.Join(err, db.Close())
}

func found(ctx context.Context, db *store.Store, set *meta.Set) error {
	tx, err := db.Begin(ctx, true)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, d := range set.All() {
		if err := tx.Sync(d); err != nil {
			return err
		}
	}
	ses := &document.Session{
		Tx: tx, Set: set, User: access.User{Name: access.Administrator, Desk: true}, Trusted: true,
		Clock: func() time.Time { return time.Date(2024, 1, 1, 8, 0, 0, 0, time.UTC) },
	}
	if err := schema.Register(ses, set.All()); err != nil {
		return err
	}
	if err := rules.Furnish(ses); err != nil {
		return err
	}
	return tx.Commit()
}
