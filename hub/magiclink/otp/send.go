package otp

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/saga"
)

const (
	kind   = "magiclink.code"
	digits = 6
)

// wish is a wish for a code, as it is stored.
type wish struct {
	Purpose    string    `json:"purpose"`
	Identifier string    `json:"identifier"`
	Lang       hub.Lang  `json:"lang"`
	At         time.Time `json:"at"`
}

// ask stores the wish for a code. That is all that happens before the answer, for
// whomever it is.
func (d *Desk) ask(ctx context.Context, w wish) error {
	if err := d.off(); err != nil {
		return err
	}
	if err := d.meter(ctx, "send", asksHour); err != nil {
		return err
	}
	key, err := d.key(w.Purpose, w.Identifier)
	if err != nil {
		return err
	}
	w.At = d.Now().UTC()
	payload, err := json.Marshal(w)
	if err != nil {
		return err
	}
	due := time.Now()
	if d.Spread > 0 {
		due = due.Add(rand.N(d.Spread))
	}
	if _, _, err := d.Store.Put(ctx, keep.Job{
		Kind: kind, Lane: key, Payload: payload, Due: due, Subject: keep.Subject{Correlation: hub.RequestID(ctx)},
	}); err != nil {
		return fmt.Errorf("storing the wish for a code: %w", err)
	}
	return nil
}

// make makes a code, stores its hash and sends it, if the identifier is somebody's.
// For a stranger everything is the same but the message.
func (d *Desk) make(ctx context.Context, job keep.Job) (keep.Result, error) {
	var w wish
	if err := json.Unmarshal(job.Payload, &w); err != nil {
		return keep.Result{}, keep.Reject(fmt.Errorf("reading the wish for a code: %w", err))
	}
	if !d.Now().Before(w.At.Add(life)) {
		return keep.Result{State: "too-late"}, nil
	}
	who, err := d.who(ctx, w)
	if err != nil {
		return keep.Result{}, err
	}
	key, err := d.key(w.Purpose, w.Identifier)
	if err != nil {
		return keep.Result{}, err
	}
	refused, err := d.note(ctx, key, job.ID, page{Subject: who.Subject, Lang: w.Lang, Until: w.At.Add(life)})
	switch {
	case err != nil || refused != "":
		return keep.Result{State: refused}, err
	case who.Subject == "":
		return keep.Result{State: "nobody"}, nil
	}
	if refused, err = d.brake(ctx); err != nil || refused != "" {
		return keep.Result{State: refused}, err
	}
	_, err = d.Mail.Queue(ctx, outbox.Message{
		Channel: who.Channel, To: who.To, Template: d.Prefix + ".code", Lang: w.Lang, Urgent: true, DedupeKey: "otp:" + job.ID,
		Doctype: who.Doctype, Name: who.Subject, Secret: d.Prefix + "." + reference(key, job.ID),
		Vars: map[string]any{"Company": d.Brand, "Code": outbox.Veil, "Minutes": int(life / time.Minute), "Host": d.host()},
	})
	if err != nil && !hub.HasCode(err, "key-taken") { // an earlier try queued it
		return keep.Result{}, fmt.Errorf("queueing a code: %w", err)
	}
	return keep.Result{State: "sent"}, nil
}

// note stores the hash of a new code, which takes the place of the one before; why
// it does not is refused. A try that is repeated finds that it did.
func (d *Desk) note(ctx context.Context, key, wish string, fresh page) (refused string, err error) {
	code, err := d.code(wish)
	if err != nil {
		return "", err
	}
	if fresh.Hash, err = d.hash(key, wish, code); err != nil {
		return "", err
	}
	err = d.edit(ctx, key, func(p *page) bool {
		if refused = ""; p.Made == wish {
			return false
		}
		now := d.Now()
		if refused = p.full(now); refused != "" {
			return false
		}
		fresh.Made, fresh.Sends, fresh.Missed = wish, append(p.recent(now), now), p.missed(now)
		*p = fresh
		return true
	})
	if refused == guessed {
		d.Log.WarnContext(ctx, "no code: somebody guesses at the codes of one identifier", "work", wish)
	}
	return refused, err
}

// code is the code that a wish leads to, the same however often it is tried.
func (d *Desk) code(id string) (string, error) {
	sum, err := d.mac("code", id)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%0*d", digits, binary.BigEndian.Uint64(sum)%1_000_000), nil
}

// reference names a code in the message that carries it.
func reference(key, wish string) string { return strings.TrimPrefix(key, keyPrefix) + ":" + wish }

// Word is the code of a reference, for the moment in which its message leaves; it is
// hub.Gone once the code opens nothing any more. The code itself stands nowhere.
func (d *Desk) Word(ctx context.Context, ref string) (string, error) {
	name, wish, _ := strings.Cut(ref, ":")
	var p page
	if _, err := saga.Recall(ctx, d.Store, keyPrefix+name, &p); err != nil {
		return "", err
	}
	if p.Made != wish || !p.opens(d.Now()) {
		return "", hub.Fail(hub.Gone, "code-invalid", "The code in it is not valid any more.", nil)
	}
	return d.code(wish)
}

// brake holds codes back when so many leave that somebody must be playing with us:
// each costs money.
func (d *Desk) brake(ctx context.Context) (refused string, err error) {
	if d.PerHour <= 0 {
		return "", nil
	}
	ok, _, err := d.Store.Allow(ctx, "otp:all", d.PerHour, time.Hour)
	if err == nil && !ok {
		d.Log.WarnContext(ctx, "codes held back: too many in an hour", "most", d.PerHour)
		return "braked", nil
	}
	return "", err
}

// host is what the message binds the code to, so that telephones fill it in there
// and nowhere else.
func (d *Desk) host() string {
	u, err := url.Parse(d.Public("/"))
	if err != nil {
		return ""
	}
	return u.Hostname()
}
