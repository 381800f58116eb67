package rechain

import (
	"context"
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// losses counts what goes with a work order when it is deleted.
type losses struct{ answers, devices, materials, moves int }

// lossesOf counts what a work order holds, and the moves that the hub knows of it.
func (r *Rechainer) lossesOf(ctx context.Context, job *erpnext.DispatchJob) (losses, error) {
	lost := losses{devices: len(job.Equipment), materials: len(job.Materials)}
	for _, item := range job.Checklist {
		if strings.TrimSpace(item.Value) != "" {
			lost.answers++
		}
	}
	moves, err := r.Engine.List(ctx, job)
	lost.moves = len(moves)
	return lost, err
}

// String names them: "2 answers, 1 device"; "" for none.
func (l losses) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{{l.answers, "answer"}, {l.devices, "device"}, {l.materials, "material"}, {l.moves, "move"}} {
		switch {
		case p.n == 1:
			parts = append(parts, "1 "+p.word)
		case p.n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", p.n, p.word))
		}
	}
	return strings.Join(parts, ", ")
}

// mustBeWished refuses, unless it is forced, a work order that somebody works at,
// that is final, or that holds answers: it is the proof of a visit. One that is
// final, or that holds answers, is forced by the staff only.
func mustBeWished(ctx context.Context, job *erpnext.DispatchJob, lost losses, force bool) error {
	why, staff := "", true
	switch {
	case machine.UnderWay(job.Status):
		why, staff = "Somebody is working at it.", lost.answers > 0
	case machine.Final(job.Status):
		why = "The work order is " + job.Status + ": it is kept as the proof of what was done, or not."
	case lost.answers > 0:
		why = "Its checklist has answers."
	default:
		return nil
	}
	byStaff := hub.ActorOf(ctx).Role == hub.RoleStaff
	if force && (byStaff || !staff) {
		return nil
	}
	if text := lost.String(); text != "" {
		why += " Lost would be: " + text + "."
	}
	if force {
		why += " Only the staff can delete it all the same."
	}
	return hub.Fail(hub.Conflict, "state-conflict", why, nil,
		hub.WithState(map[string]any{"job": job.Name, "status": job.Status, "technician": job.AssignedTech, "lost": lost.String()}))
}
