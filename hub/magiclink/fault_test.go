package magiclink_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/magiclink"
	"gigafibre.ca/targo-hub/hub/magiclink/otp"
	"gigafibre.ca/targo-hub/hub/outbox"
)

var errCut = errors.New("cut off")

// fuse fails one step, counted from now on: before it is done, or after it (late).
type fuse struct {
	left atomic.Int64
	late bool
}

func (f *fuse) around(step func() error) error {
	burns := f.left.Add(-1) == 0
	if burns && !f.late {
		return errCut
	}
	if err := step(); err != nil || !burns {
		return err
	}
	return errCut
}

// The desk's surroundings, each step of which passes the fuse.
type (
	fusedStore struct {
		keep.Engine
		*fuse
	}
	fusedKeys struct {
		magiclink.Keys
		*fuse
	}
	fusedMail struct {
		otp.Mail
		*fuse
	}
)

func (s fusedStore) Put(ctx context.Context, job keep.Job) (stored keep.Job, fresh bool, err error) {
	err = s.around(func() error { stored, fresh, err = s.Engine.Put(ctx, job); return err })
	return stored, fresh, err
}

func (s fusedStore) Value(ctx context.Context, key string) (value []byte, version int64, err error) {
	if s.late { // the reply to a question is lost like the question
		return s.Engine.Value(ctx, key)
	}
	err = s.around(func() error { value, version, err = s.Engine.Value(ctx, key); return err })
	return value, version, err
}

func (s fusedStore) Swap(ctx context.Context, key string, version int64, value []byte, ttl time.Duration) (fresh int64, err error) {
	err = s.around(func() error { fresh, err = s.Engine.Swap(ctx, key, version, value, ttl); return err })
	return fresh, err
}

func (k fusedKeys) RevokeID(ctx context.Context, jti string, until time.Time) error {
	return k.around(func() error { return k.Keys.RevokeID(ctx, jti, until) })
}

func (m fusedMail) Queue(ctx context.Context, message outbox.Message) (entry outbox.Entry, err error) {
	err = m.around(func() error { entry, err = m.Mail.Queue(ctx, message); return err })
	return entry, err
}

// TestHandoverWhateverFails: any one step of a handover fails, or is done and nobody
// hears of it. It is gone on with: every link that has to end ends, and everybody is
// told exactly once.
func TestHandoverWhateverFails(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]bool{"before": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fuse{late: late}
			o := newOffice(t, func(d *magiclink.Deps) {
				d.Store, d.Keys, d.Mail = fusedStore{d.Store.(keep.Engine), f}, fusedKeys{d.Keys, f}, fusedMail{d.Mail, f}
				d.Config.Gather = time.Millisecond
			})
			o.job("T1", map[string]any{"scheduled_date": day(9)}) // he has this one still
			step := int64(1)
			for ; f.left.Load() <= 0; step++ {
				o.handCut(f, step)
			}
			t.Logf("%d steps", step-1)
			if step < 12 {
				t.Errorf("the story has %d steps only", step)
			}
		})
	}
}

// handCut hands work over while one step fails.
func (o *office) handCut(f *fuse, step int64) {
	o.tb.Helper()
	job, before := o.job("T1", nil), len(o.messages())
	link, err := o.desk.Link(o.tb.Context(), "T1", job)
	if err != nil {
		o.tb.Fatal(err)
	}
	f.left.Store(step)
	o.hand(job, "T2")
	o.idle()
	if who := o.open(link); who != "410" {
		o.tb.Errorf("step %d: the former link is %q", step, who)
	}
	tally := map[string]int{}
	for _, message := range o.messages()[before:] {
		tally[message[:3]]++
		if who := o.open(linkIn(message)); !strings.HasPrefix(who, map[string]string{"101": "T1", "102": "T2"}[message[:3]]) {
			o.tb.Errorf("step %d: the link of %q is %q", step, message, who)
		}
	}
	if tally["101"] != 1 || tally["102"] != 1 {
		o.tb.Errorf("step %d: told %v", step, tally)
	}
}

// hand gives work to somebody else; a dispatcher who hears of a failure tries again.
func (o *office) hand(job, technician string) {
	o.tb.Helper()
	doc := o.read(job)
	written, err := o.desk.Reassigning(o.tb.Context(), doc)
	if errors.Is(err, errCut) {
		written, err = o.desk.Reassigning(o.tb.Context(), doc)
	}
	if err != nil {
		o.tb.Fatal(err)
	}
	o.change(job, map[string]any{"assigned_tech": technician})
	written(o.tb.Context())
}
