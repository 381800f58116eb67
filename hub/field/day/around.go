package day

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/field/mutation"
)

// around is what lies around work orders: each kind is read for all of them at once.
type around struct {
	tags      []erpnext.TagLink
	waits     []erpnext.Predecessor
	team      []erpnext.JobAssistant
	items     []erpnext.ChecklistItem
	equipment []erpnext.JobEquipment
	materials []erpnext.JobMaterial
	photos    []erpnext.JobPhoto
	comments  []remark
	devices   []erpnext.ServiceEquipment
	here      []other // open work orders at the same places
	issues    []other
	ahead     []other // predecessors
	people    []erpnext.DispatchTechnician
	templates []erpnext.ChecklistTemplate
	asked     []erpnext.ChecklistItem // the questions of the templates
	goods     []erpnext.Item
}

// other is a piece of work that is not the technician's own to do now.
type other struct {
	Name         string       `json:"name"`
	Subject      string       `json:"subject"`
	Status       string       `json:"status"`
	Date         erpnext.Date `json:"day"`
	Location     string       `json:"service_location"`
	AssignedTech string       `json:"tech"`
}

// remark is a comment of the hub.
type remark struct {
	Job      string           `json:"reference_name"`
	Creation erpnext.Datetime `json:"creation"`
	Content  string           `json:"content"`
	Key      string           `json:"custom_hub_key"`
	By       string           `json:"subject"`
}

// mostRows bounds what is read of one kind.
const mostRows = 5000

// look reads what lies around the work orders, in two rounds of calls: the second
// needs names that the first has found.
func (d *Desk) look(ctx context.Context, rows []row) (*around, error) {
	var a around
	names, places := gather(rows, func(r row) string { return r.Name }), gather(rows, func(r row) string { return r.Location })
	work, ctx2 := errgroup.WithContext(ctx)
	work.Go(children(ctx2, d.ERPNext, "Dispatch Tag Link", names, &a.tags))
	work.Go(children(ctx2, d.ERPNext, "Dispatch Job Predecessor", names, &a.waits))
	work.Go(children(ctx2, d.ERPNext, "Dispatch Job Assistant", names, &a.team))
	work.Go(children(ctx2, d.ERPNext, "Dispatch Job Checklist Item", names, &a.items))
	work.Go(children(ctx2, d.ERPNext, "Dispatch Job Equipment", names, &a.equipment))
	work.Go(children(ctx2, d.ERPNext, "Dispatch Job Material", names, &a.materials))
	work.Go(children(ctx2, d.ERPNext, "Dispatch Job Photo", names, &a.photos))
	work.Go(func() error { return d.ERPNext.List(ctx2, said(names), &a.comments) })
	if len(places) > 0 {
		work.Go(func() error { return d.ERPNext.List(ctx2, d.devicesAt(places), &a.devices) })
		work.Go(func() error { return d.ERPNext.List(ctx2, d.workAt(places), &a.here) })
		work.Go(func() error { return d.ERPNext.List(ctx2, issuesAt(places), &a.issues) })
	}
	if err := work.Wait(); err != nil {
		return nil, fmt.Errorf("reading what lies around the work: %w", err)
	}
	return &a, d.again(ctx, rows, &a)
}

// again reads what the first round has named.
func (d *Desk) again(ctx context.Context, rows []row, a *around) error {
	ahead := gather(rows, func(r row) string { return r.DependsOn })
	for _, w := range a.waits {
		ahead = append(ahead, w.Job)
	}
	people := gather(rows, func(r row) string { return r.AssignedTech })
	for _, helper := range a.team {
		people = append(people, helper.Technician)
	}
	bare := gather(rows, func(r row) string {
		if slices.ContainsFunc(a.items, func(i erpnext.ChecklistItem) bool { return i.Parent == r.Name }) {
			return ""
		}
		return r.JobType
	})
	goods := gather(a.materials, func(m erpnext.JobMaterial) string { return m.Item })
	work, ctx2 := errgroup.WithContext(ctx)
	if len(ahead) > 0 {
		work.Go(func() error { return d.ERPNext.List(ctx2, jobs(erpnext.In("name", ahead...)), &a.ahead) })
	}
	work.Go(func() (err error) {
		a.people, err = erpnext.ByNames[erpnext.DispatchTechnician](ctx2, d.ERPNext, "Dispatch Technician", people...)
		return err
	})
	work.Go(func() (err error) {
		a.goods, err = erpnext.ByNames[erpnext.Item](ctx2, d.ERPNext, "Item", goods...)
		return err
	})
	if len(bare) > 0 {
		work.Go(func() error { return d.template(ctx2, bare, a) })
	}
	if err := work.Wait(); err != nil {
		return fmt.Errorf("reading what the work names: %w", err)
	}
	return nil
}

// template reads the questions of types of work whose work orders have none yet.
func (d *Desk) template(ctx context.Context, types []string, a *around) (err error) {
	q := erpnext.Query{Doctype: "Checklist Template", Filters: []erpnext.Filter{erpnext.In("job_type", types...)}, Limit: mostRows}
	if err := d.ERPNext.List(ctx, q, &a.templates); err != nil || len(a.templates) == 0 {
		return err
	}
	names := gather(a.templates, func(t erpnext.ChecklistTemplate) string { return t.Name })
	a.asked, err = erpnext.Children[erpnext.ChecklistItem](ctx, d.ERPNext, "Checklist Template", "Dispatch Job Checklist Item", names...)
	return err
}

func children[T any](ctx context.Context, erp *erpnext.Client, child string, names []string, into *[]T) func() error {
	return func() (err error) {
		*into, err = erpnext.Children[T](ctx, erp, doctype, child, names...)
		return err
	}
}

func said(names []string) erpnext.Query {
	return erpnext.Query{
		Doctype: "Comment", Limit: mostRows,
		Filters: []erpnext.Filter{
			erpnext.Eq("reference_doctype", doctype), erpnext.In("reference_name", names...), erpnext.Where("custom_hub_key", "like", mutation.NoteKey+"%"),
		},
	}
}

func (d *Desk) devicesAt(places []string) erpnext.Query {
	return erpnext.Query{
		Doctype: "Service Equipment", Limit: mostRows,
		Fields:  []string{"name", "equipment_type", "brand", "model", "serial_number", "mac_address", "status", "service_location"},
		Filters: []erpnext.Filter{erpnext.In("service_location", places...), erpnext.Eq("status", erpnext.EquipmentActive)},
	}
}

func jobs(which ...erpnext.Filter) erpnext.Query {
	return erpnext.Query{
		Doctype: doctype, Filters: which, Limit: mostRows,
		Fields: []string{"name", "subject", "status", "scheduled_date as day", "service_location", "assigned_tech as tech"},
	}
}

func (d *Desk) workAt(places []string) erpnext.Query {
	return jobs(erpnext.In("service_location", places...),
		erpnext.Where("status", "not in", d.States.All(erpnext.JobCompleted, erpnext.JobCancelled)))
}

func issuesAt(places []string) erpnext.Query {
	return erpnext.Query{
		Doctype: "Issue", Limit: mostRows,
		Fields: []string{"name", "subject", "status", "opening_date as day", "service_location"},
		Filters: []erpnext.Filter{
			erpnext.In("service_location", places...), erpnext.Where("status", "not in", []string{erpnext.IssueResolved, erpnext.IssueClosed}),
		},
	}
}

// gather lists what each of them names, once each, without the empty ones.
func gather[T any](all []T, name func(T) string) []string {
	var names []string
	for _, one := range all {
		if n := strings.TrimSpace(name(one)); n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}
