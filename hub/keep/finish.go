package keep

import (
	"context"
	"errors"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// finish records the outcome. While the store is away it tries again as long as
// the lease may last: an unrecorded success would run the work a second time.
func (s *shift) finish(ctx context.Context, job Job, o Outcome, cause error) {
	err := s.record(ctx, job, o)
	switch {
	case errors.Is(err, ErrFence) || errors.Is(err, ErrNotFound):
		s.lost(job)
		return
	case err != nil:
		s.log.Error("recording an outcome", "kind", job.Kind, "job", job.ID, "error_code", hub.ProblemOf(err).Code)
		return
	}
	s.meter.tried(s.label(job.Kind), o.Attempt)
	s.tell(job, o)
	if o.Next == Dead && s.opts.OnDead != nil {
		job.Status, job.Note = Dead, o.Note
		if o.State != "" {
			job.State = o.State
		}
		job.Attempts = append(job.Attempts, o.Attempt)
		job.Tries++
		s.mourn(job, cause)
	}
}

func (s *shift) record(ctx context.Context, job Job, o Outcome) error {
	until, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.opts.Lease)
	defer cancel()
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := s.engine.Finish(until, job.ID, job.Fence, o)
		if err == nil || !hub.IsKind(err, hub.Unavailable) || errors.Is(err, ErrClosed) {
			return err
		}
		select {
		case <-until.Done():
			return err
		case <-s.ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

func (s *shift) tell(job Job, o Outcome) {
	about := s.log.With("kind", job.Kind, "job", job.ID, "class", o.Attempt.Class, "took", o.Attempt.Took)
	switch {
	case o.Next == Dead:
		about.Error("job is dead", "error_code", o.Attempt.Code, "upstream_status", o.Attempt.Status)
	case o.Next == Pending && o.Attempt.Class == Kept:
		about.Debug("job was put off", "due", o.Due)
	case o.Next == Pending:
		about.Warn("job will be tried again", "error_code", o.Attempt.Code, "upstream_status", o.Attempt.Status)
	default:
		about.Debug("job ended", "status", o.Next)
	}
}

func (s *shift) lost(job Job) {
	s.meter.tried(s.label(job.Kind), Attempt{Class: Lost})
	s.log.Warn("lease was lost", "kind", job.Kind, "job", job.ID)
}

func (s *shift) mourn(job Job, cause error) {
	defer func() {
		if v := recover(); v != nil {
			s.log.Error("hearing of a dead job panicked", "kind", job.Kind, "job", job.ID, "stack", stack())
		}
	}()
	ctx, cancel := context.WithTimeout(s.ctx, s.opts.Drain)
	defer cancel()
	s.opts.OnDead(hub.WithRequestID(ctx, job.ID), job, cause)
}

// heartbeat keeps the lease until ctx ends, and ends ctx when the lease is lost:
// taken by somebody else, or not prolonged in time.
func (s *shift) heartbeat(ctx context.Context, release context.CancelCauseFunc, job Job) {
	beat := time.NewTicker(s.opts.Lease / 3)
	defer beat.Stop()
	end := time.Now().Add(s.opts.Lease)
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-beat.C:
			err := s.extend(ctx, job)
			if err == nil {
				end = now.Add(s.opts.Lease)
				continue
			}
			if errors.Is(err, ErrFence) || errors.Is(err, ErrNotFound) || !time.Now().Before(end) {
				release(ErrFence)
				return
			}
		}
	}
}

func (s *shift) extend(ctx context.Context, job Job) error {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Lease/3)
	defer cancel()
	return s.engine.Extend(ctx, job.ID, job.Fence, s.opts.Lease)
}
