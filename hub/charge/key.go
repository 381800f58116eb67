package charge

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// header carries the key of the cut-over. The edge takes it off every request.
const header = "X-Cutover-Token"

// Wrong keys: after so many within the time their sender is not heard for the
// rest of it, not even with the right one.
const (
	mostWrong   = 5
	wrongWithin = 15 * time.Minute
	mostSenders = 10_000 // remembered
)

// failures are the wrong keys of one sender.
type failures struct {
	count int
	since time.Time
}

// admissionKey is where the context of a request that showed the right key holds
// the guard that checked it: no other one lets it through.
type admissionKey struct{}

// Admit checks the key that a request carries and puts on the context that it
// was right. Only Staff and Service may show one; from others it is not looked
// at. A wrong one, or any when there is no key, is refused with the code
// cutover-token-wrong, and too many of them with too-many-requests.
//
// What the request leaves behind for later (a job) does not have the key.
func (g *Guard) Admit(ctx context.Context, token string) (context.Context, error) {
	actor := hub.ActorOf(ctx)
	if token == "" || actor.Role != hub.RoleStaff && actor.Role != hub.RoleService {
		return ctx, nil
	}
	who := actor.String()
	if wait := g.silenced(who); wait > 0 {
		g.keys.WithLabelValues("limited").Inc()
		return ctx, hub.Fail(hub.TooMany, "too-many-requests", "Too many wrong keys; wait.", nil, hub.WithRetryAfter(wait))
	}
	if !g.fits(token) {
		g.failed(who)
		g.keys.WithLabelValues("wrong").Inc()
		g.deps.Log.WarnContext(ctx, "a wrong key of the cut-over was shown", "role", string(actor.Role), "request", hub.RequestID(ctx))
		return ctx, hub.Fail(hub.Forbidden, "cutover-token-wrong", "The key in "+header+" is not the key of the cut-over.", nil)
	}
	return context.WithValue(ctx, admissionKey{}, g), nil
}

// fits compares in constant time, whatever the lengths.
func (g *Guard) fits(token string) bool {
	key := g.cfg.CutoverToken
	if key.Empty() {
		return false
	}
	want, got := sha256.Sum256([]byte(key.Reveal())), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

func (g *Guard) admitted(ctx context.Context) bool {
	by, ok := ctx.Value(admissionKey{}).(*Guard)
	return ok && by == g
}

// silenced tells how long a sender is not heard.
func (g *Guard) silenced(who string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	f := g.wrong[who]
	if f == nil || f.count < mostWrong {
		return 0
	}
	wait := wrongWithin - g.deps.Now().Sub(f.since)
	if wait <= 0 {
		delete(g.wrong, who)
	}
	return wait
}

func (g *Guard) failed(who string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.deps.Now()
	if len(g.wrong) >= mostSenders {
		for id, f := range g.wrong {
			if now.Sub(f.since) >= wrongWithin {
				delete(g.wrong, id)
			}
		}
	}
	f := g.wrong[who]
	if f == nil || now.Sub(f.since) >= wrongWithin {
		f = &failures{since: now}
		g.wrong[who] = f
	}
	f.count++
}
