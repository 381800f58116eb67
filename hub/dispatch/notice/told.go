package notice

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
)

const attempts = 20 // at a memory that others change

// person is a technician whose days are looked at.
type person struct {
	*erpnext.DispatchTechnician
	jobs   []*planned // his published ones
	drafts []string   // his other ones: he hears of them another time
	knew   memory     // what he was told before this order
	lang   hub.Lang
	toldAt time.Time                      // when the message to him was begun; zero while none is
	lost   map[string]erpnext.DispatchJob // jobs that somebody was told of and that are not of these days any more
}

// tell tells one technician his days, unless he knows them.
func (n *Notices) tell(ctx context.Context, o Order, p *person) Told {
	item := Told{Technician: p.Name, FullName: p.FullName, Jobs: []string{}}
	for _, job := range p.jobs {
		item.Jobs = append(item.Jobs, job.Name)
	}
	number, err := hub.ParsePhone(p.Phone)
	switch {
	case !bool(p.Active):
		item.State = inactive
		return item
	case err != nil || n.Mail == nil:
		item.State = noNumber
		return item
	}
	entry, state, err := n.once(ctx, o, p, string(number))
	if item.State = state; err != nil {
		n.Log.WarnContext(ctx, "technician not told of his days", "technician", p.Name, "err", err)
		problem := hub.ProblemOf(err)
		item.State, item.Error = failed, cmp.Or(problem.Detail, problem.Code)
	}
	item.Message, item.Status = entry.ID, entry.Status
	return item
}

// once queues at most one message, for what is not known yet. It looks again after
// every step: others may publish at the same time, and any step may be the last
// before a crash.
func (n *Notices) once(ctx context.Context, o Order, p *person, number string) (outbox.Entry, string, error) {
	for range attempts {
		m, version, err := n.recall(ctx, p.Name)
		if err != nil || m.settled(o, p) {
			return outbox.Entry{}, unchanged, err
		}
		if m.Sent || m.Number == 0 {
			m.Number, m.Sent = m.Number+1, false
			if err = n.remember(ctx, p.Name, version, m); errors.Is(err, keep.ErrStale) {
				continue
			} else if err != nil {
				return outbox.Entry{}, "", err
			}
		}
		began := n.Now()
		entry, err := n.queue(ctx, o, p, number, m)
		taken := hub.HasCode(err, "key-taken") // these jobs went out before, with another link
		if err != nil && !taken {
			return outbox.Entry{}, "", err
		}
		if !taken && !entry.Duplicate {
			p.toldAt = began
		}
		if err = n.note(ctx, o, p, m.Number); err != nil || !taken && !entry.Duplicate {
			return entry, told, err
		}
	}
	return outbox.Entry{}, "", fmt.Errorf("noting what %s was told: %w", p.Name, keep.ErrStale)
}

// note writes down what a message told him, beside what another of the same number
// told him of other days. One that is newer knows better.
func (n *Notices) note(ctx context.Context, o Order, p *person, number int) error {
	for range attempts {
		m, version, err := n.recall(ctx, p.Name)
		if err != nil || m.Number != number {
			return err
		}
		m.Sent, m.Jobs = true, n.after(m, o, p)
		if p.toldAt.After(m.At) {
			m.At = p.toldAt.UTC()
		}
		if err = n.remember(ctx, p.Name, version, m); !errors.Is(err, keep.ErrStale) {
			return err
		}
	}
	return fmt.Errorf("noting what %s was told: %w", p.Name, keep.ErrStale)
}

func (n *Notices) queue(ctx context.Context, o Order, p *person, number string, m memory) (outbox.Entry, error) {
	link := ""
	if n.Link != nil && len(p.jobs) > 0 {
		var err error
		if link, err = n.Link(ctx, p.Name, p.jobs[0].Name); err != nil {
			return outbox.Entry{}, fmt.Errorf("making the link of %s: %w", p.Name, err)
		}
	}
	return n.Mail.Queue(ctx, outbox.Message{
		Channel: outbox.SMS, To: number, Template: "notice.schedule", Lang: p.lang, Vars: n.vars(o, p, m, link),
		Doctype: "Dispatch Technician", Name: p.Name, DedupeKey: p.key(o, m.Number),
	})
}

// key is the same for the same jobs under one number, whoever publishes them:
// different days that are published at once are two messages.
func (p *person) key(o Order, number int) string {
	sum := sha256.New()
	for _, job := range p.jobs {
		fmt.Fprintln(sum, job.Name, lineOf(job))
	}
	if len(p.jobs) == 0 {
		fmt.Fprintln(sum, o.From, o.To)
	}
	return fmt.Sprintf("publish:%s:%d:%x", p.Name, number, sum.Sum(nil)[:8])
}
