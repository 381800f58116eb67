package mutation

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// How much is taken at once.
const (
	AtOnce    = 200 // are stored; the rest of a request is for the next one
	mostItems = 1000
)

// idForm is what an id may be.
var idForm = regexp.MustCompile(`^[A-Za-z0-9_-]{8,80}$`)

// taken is a mutation on its way through a request.
type taken struct {
	wire   Wire
	job    keep.Job
	known  bool // it was stored before
	result *Result
}

// Take stores the mutations and waits a little for them. The results come in the
// order of the request. An error means that nothing was stored.
func (d *Desk) Take(ctx context.Context, b Batch) ([]Result, error) {
	if d.ERPNext == nil {
		return nil, hub.PartOff("ERPNext")
	}
	if len(b.Mutations) > mostItems {
		return nil, hub.Fail(hub.Invalid, "invalid", "These are too many mutations at once.", nil, hub.WithField("/mutations", "at most 1000"))
	}
	now := d.Now()
	clock, err := newClock(b.SentAt, now)
	if err != nil {
		return nil, err
	}
	all := make([]taken, len(b.Mutations))
	order := make([]*taken, len(all))
	for i, wire := range b.Mutations {
		all[i].wire, order[i] = wire, &all[i]
	}
	slices.SortStableFunc(order, func(a, b *taken) int {
		return cmp.Or(cmp.Compare(a.wire.Job, b.wire.Job), cmp.Compare(a.wire.Seq, b.wire.Seq))
	})
	if err := d.storeAll(ctx, order, clock); err != nil {
		return nil, err
	}
	if err := d.await(ctx, order); err != nil {
		return nil, err
	}
	d.documents(ctx, order)
	results := make([]Result, len(all))
	for i := range all {
		results[i] = *all[i].result
		results[i].ID = all[i].wire.ID
	}
	return results, nil
}

// storeAll stores what can be stored, in order. What comes behind something that
// the store does not take is for later.
func (d *Desk) storeAll(ctx context.Context, order []*taken, clock clock) error {
	stored := 0
	for i, t := range order {
		if stored == AtOnce {
			later(order[i:])
			return nil
		}
		m, err := d.read(ctx, t.wire, clock)
		if err != nil {
			t.result = refused(Rejected, err, hub.ActorOf(ctx).Lang)
			continue
		}
		if err := d.store(ctx, t, m); err != nil {
			if stored == 0 {
				return err
			}
			d.Log.WarnContext(ctx, "mutations not stored", "technician", m.Technician, "error_code", hub.ProblemOf(err).Code)
			later(order[i:])
			return nil
		}
		stored++
	}
	return nil
}

func later(rest []*taken) {
	for _, t := range rest {
		t.result = &Result{State: Retry}
	}
}

// store stores one mutation, or finds it. One that waits for its next try, as nobody
// was there, is hurried: somebody asks.
func (d *Desk) store(ctx context.Context, t *taken, m Mutation) error {
	payload, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("writing mutation %s: %w", m.ID, err)
	}
	digest := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s", m.Job, m.Kind, compact(m.Data)))
	seal := hex.EncodeToString(digest[:])
	job, fresh, err := d.Store.Put(ctx, keep.Job{
		Kind: Kind, Lane: "field:" + m.Job, Dedupe: m.Technician + "/" + m.ID, Payload: payload, Headers: map[string]string{"digest": seal},
		Subject: keep.Subject{Doctype: doctype, Name: m.Job, Technician: m.Technician, Correlation: hub.RequestID(ctx)},
	})
	if err != nil {
		return fmt.Errorf("storing mutation %s: %w", m.ID, err)
	}
	t.job, t.known = job, !fresh
	switch {
	case fresh:
	case job.Headers["digest"] != seal:
		t.result = refused(Rejected, hub.Fail(hub.Invalid, "idempotency-mismatch", "This id was used for something else.", nil), m.Lang)
	case job.Status == keep.Pending && job.Tries > 0 && passes(job):
		if _, err := d.Store.Change(ctx, job.ID, keep.Hurry, "asked for again"); err != nil && !errors.Is(err, keep.ErrState) {
			return fmt.Errorf("hurrying mutation %s: %w", m.ID, err)
		}
	}
	return nil
}

// await fills in the results. What comes behind something unfinished in the same
// work order is unfinished as well.
func (d *Desk) await(ctx context.Context, order []*taken) error {
	until, behind := time.Now().Add(d.Wait), map[string]bool{}
	for _, t := range order {
		switch {
		case t.result != nil:
			if t.result.State == Retry {
				behind[t.wire.Job] = true
			}
			continue
		case behind[t.wire.Job]:
			t.result = &Result{State: Retry}
			continue
		}
		job, err := saga.Await(ctx, d.Store, t.job.ID, time.Until(until))
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("following mutation %s: %w", t.wire.ID, err)
		}
		if err != nil || !job.Status.Final() {
			behind[t.wire.Job] = true
			t.result = &Result{State: Retry}
			continue
		}
		t.result = resultOf(job, t.known, hub.ActorOf(ctx).Lang)
	}
	return nil
}

// mostDocuments is of how many work orders an answer says how they stand now.
const mostDocuments = 20

// documents adds how the work orders stand now, all of them read at once.
func (d *Desk) documents(ctx context.Context, order []*taken) {
	var names []string
	tells := func(t *taken) bool { return t.result.State != Retry && t.result.State != Rejected }
	for _, t := range order {
		if tells(t) && !slices.Contains(names, t.wire.Job) && len(names) < mostDocuments {
			names = append(names, t.wire.Job)
		}
	}
	if d.Documents == nil || len(names) == 0 {
		return
	}
	documents, err := d.Documents(ctx, hub.ActorOf(ctx), names)
	if err != nil {
		d.Log.DebugContext(ctx, "work orders not read for the answer", "error_code", hub.ProblemOf(err).Code)
		return
	}
	for _, t := range order {
		if document, known := documents[t.wire.Job]; known && tells(t) {
			t.result.Document, _ = json.Marshal(document) // it is answered as JSON elsewhere
		}
	}
}

// read makes a mutation of what was sent, or says why it is none.
func (d *Desk) read(ctx context.Context, w Wire, clock clock) (Mutation, error) {
	actor := hub.ActorOf(ctx)
	m := Mutation{
		ID: w.ID, Seq: w.Seq, Job: w.Job, Kind: w.Kind, BaseModified: w.BaseModified, Data: compact(w.Data), Received: clock.now.UTC(),
		Technician: actor.ID, Link: actor.Job, Scopes: actor.Scopes, Lang: actor.Lang,
	}
	wrong := func(field, why string) (Mutation, error) {
		return m, hub.Fail(hub.Invalid, "invalid", "The "+field+" cannot be used: "+why+".", nil, hub.WithField("/"+field, why))
	}
	scope, kind := scopes()[w.Kind]
	switch {
	case !idForm.MatchString(w.ID):
		return wrong("id", "8 to 80 letters, digits, _ or -")
	case w.Job == "" || len(w.Job) > 140 || strings.ContainsFunc(w.Job, unicode.IsControl):
		return wrong("job", "the name of a work order")
	case !kind:
		return wrong("kind", "there is no such kind")
	case len(m.Data) > 64<<10:
		return wrong("data", "at most 64 KiB")
	case len(w.BaseModified) > 40:
		return wrong("base_modified", "the modified of the work order, as it was read")
	case !access.May(actor, scope):
		return m, hub.Fail(hub.Forbidden, "forbidden", "The link does not carry the right to do this.", nil)
	case d.Kinds[w.Kind] == nil:
		return m, hub.PartOff("the part of the hub that does this")
	}
	var err error
	if m.Clock, err = instant(w.At); err != nil {
		return wrong("at", "an instant as 2026-11-23T14:05:00-05:00")
	}
	m.At = clock.true(m.Clock)
	sum := sha256.Sum256([]byte(actor.ID + "/" + w.ID))
	m.Key = hex.EncodeToString(sum[:16])
	return m, nil
}

// scopes says which right each kind takes.
func scopes() map[string]string {
	return map[string]string{
		"status": access.JobStatus, "note": access.JobStatus, "checklist": access.JobStatus, "material": access.JobStatus, "flow_step": access.JobStatus,
		"photo": access.JobPhoto, "signature": access.JobPhoto,
		"equipment_link": access.JobEquipment, "equipment_create": access.JobEquipment, "equipment_swap": access.JobEquipment,
	}
}
