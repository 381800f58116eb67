package erpnextsim

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/fixture"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/install"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/query"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/trade"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Image is a site as it stood at one moment, with its documents, doctypes and users,
// but without what it held in memory only (faults, closed doctypes). It takes a
// hundred times longer to fill a site than to begin from an image, so tests make one
// for all sites of a package:
//
//	var founded = sync.OnceValues(func() (*erpnextsim.Image, error) {
//		return erpnextsim.Found(erpnextsim.Options{}, fill)
//	})
//
// and New takes it as Options.Image, as often as wanted.
type Image struct {
	blank    install.Blank
	profile  Profile
	database Database
}

// Found makes a site, lets fill lay out what all others begin with, and closes it.
func Found(opts Options, fill func(*Site) error) (*Image, error) {
	opts.Path = ""
	s, err := New(opts)
	if err != nil {
		return nil, err
	}
	if err := fill(s); err != nil {
		return nil, errors.Join(fmt.Errorf("filling the site: %w", err), s.Close())
	}
	i, err := s.Image()
	return i, errors.Join(err, s.Close())
}

// Image takes the site's image. It waits for the request that writes.
func (s *Site) Image() (*Image, error) {
	content, err := s.store.Image(context.Background())
	if err != nil {
		return nil, fmt.Errorf("taking the site's image: %w", err)
	}
	return &Image{blank: install.Blank{Set: s.set.Load(), Image: content}, profile: s.opts.Profile, database: s.opts.Database}, nil
}

// beginning is what a site begins as: an image, or a fresh installation.
func beginning(opts *Options) (install.Blank, error) {
	if i := opts.Image; i != nil {
		opts.Profile, opts.Database = i.profile, i.database
		return i.blank, nil
	}
	base, err := install.Site(opts.Database == MariaDB, opts.Profile)
	if err != nil {
		return install.Blank{}, fmt.Errorf("founding the site: %w", err)
	}
	return base, nil
}

// Import reads a JSON list of exported documents. DocType and Custom Field
// documents extend the schema, others are stored like fixtures: names as given,
// links unchecked, an existing document of the same name replaced.
func (s *Site) Import(fixtures []byte) error {
	return s.writing(func(ses *document.Session) error { return fixture.Import(ses, fixtures) })
}

// AddUser makes or changes a user with an API key pair and roles. Its password is
// the secret. A user with any role is a System User; "Administrator" may
// everything.
func (s *Site) AddUser(email, key, secret string, roles ...string) error {
	return s.writing(func(ses *document.Session) error {
		values := map[string]any{
			"doctype": "User", "name": email, "email": email, "first_name": strings.SplitN(email, "@", 2)[0], "enabled": int64(1),
			"api_key": key, "api_secret": secret, "user_type": "System User", "send_welcome_email": int64(0),
		}
		if len(roles) == 0 && email != access.Administrator {
			values["user_type"] = "Website User"
		}
		rows := []any{}
		for _, role := range roles {
			rows = append(rows, map[string]any{"role": role})
		}
		values["roles"] = rows
		if err := fixture.Replace(ses, values); err != nil {
			return fmt.Errorf("adding user %s: %w", email, err)
		}
		return ses.Tx.SetSecret("User", email, "password", secret)
	})
}

// Put stores a document through the same steps as a request by Administrator and
// returns its name. doc may hold "name" (taken as it is) and "docstatus": 1
// submits; an existing document of that name is updated.
func (s *Site) Put(doctype string, doc map[string]any) (string, error) {
	values, err := wire.Decode(wire.Encode(doc, wire.Style{})) // Go's own number types become JSON's
	if err != nil {
		return "", err
	}
	in, _ := values.(map[string]any)
	name := ""
	err = s.writing(func(ses *document.Session) error {
		name, err = fixture.Put(ses, doctype, in)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("putting %s: %w", doctype, err)
	}
	return name, nil
}

// Doc returns a stored document with nulls left out, as plain Go values: string,
// int64, float64, lists of maps.
func (s *Site) Doc(doctype, name string) (map[string]any, error) {
	var out map[string]any
	err := s.reading(func(ses *document.Session) error {
		doc, err := ses.Load(doctype, name)
		if err == nil {
			out = doc.Object(true).Map()
		}
		return err
	})
	return out, err
}

// All returns the documents that match filters (as in a list request: an object,
// a list of conditions, or nil), oldest first, with all columns but no rows.
func (s *Site) All(doctype string, filters any) ([]map[string]any, error) {
	var out []map[string]any
	decoded, err := wire.Decode(wire.Encode(filters, wire.Style{}))
	if err != nil {
		return nil, err
	}
	err = s.reading(func(ses *document.Session) error {
		res, err := query.Run(ses, query.Request{Doctype: doctype, Fields: []any{"*"}, Filters: decoded, OrderBy: "creation asc, name asc"})
		for _, o := range res.Objects() {
			out = append(out, o.Map())
		}
		return err
	})
	return out, err
}

// DropField takes a field away from a doctype, as a site would be that lacks a
// custom field. Its column and values stay.
func (s *Site) DropField(doctype, field string) error {
	return s.writing(func(ses *document.Session) error {
		if d := ses.Set.Get(doctype); d == nil || d.Field(field) == nil {
			return fmt.Errorf("dropping %s of %s: no such field", field, doctype)
		}
		ses.Set = ses.Set.WithoutField(doctype, field)
		if err := ses.Tx.Exec(`DELETE FROM "tabCustom Field" WHERE dt = ? AND fieldname = ?`, doctype, field); err != nil {
			return err
		}
		return ses.Tx.Exec(`DELETE FROM "tabDocField" WHERE parent = ? AND fieldname = ?`, doctype, field)
	})
}

// Deny closes doctypes to everybody, Administrator included, until Allow.
func (s *Site) Deny(doctypes ...string) { s.deny(true, doctypes) }

// Allow undoes Deny.
func (s *Site) Allow(doctypes ...string) { s.deny(false, doctypes) }

func (s *Site) deny(closed bool, doctypes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := map[string]bool{}
	for d := range s.denied {
		next[d] = true
	}
	for _, d := range doctypes {
		if closed {
			next[d] = true
		} else {
			delete(next, d)
		}
	}
	s.denied = next
}

// Nightly does what ERPNext's scheduler does each night: quotations expire,
// invoices become overdue. Like there, modified does not move for the former.
func (s *Site) Nightly() error { return s.writing(trade.Nightly) }
