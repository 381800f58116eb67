package signing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

const stateKey = "signing:state"

// state is how far signatures were compared and how that went, for all replicas
// and over restarts.
type state struct {
	Since    time.Time `json:"since"`            // of the first comparison
	Mark     time.Time `json:"mark"`             // signatures up to here were compared
	Success  time.Time `json:"success,omitzero"` // end of the last comparison that went through
	Missed   int64     `json:"missed"`           // signatures that no webhook had told, all in all
	LastMiss time.Time `json:"last_miss,omitzero"`
	Open     int       `json:"open"`    // envelopes that waited for a signature at the last comparison
	Expired  int       `json:"expired"` // open quotations whose envelope has expired
	Dead     int       `json:"dead"`    // signatures whose delivery, or what it led to, was given up
}

func (r *Reconciler) state(ctx context.Context) (s state, version int64, err error) {
	raw, version, err := r.deps.Store.Value(ctx, stateKey)
	if errors.Is(err, keep.ErrNotFound) {
		return state{}, 0, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil {
		return state{}, 0, fmt.Errorf("reading how signatures were compared: %w", err)
	}
	return s, version, nil
}

func (r *Reconciler) save(ctx context.Context, s state, version int64) (int64, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return 0, err
	}
	next, err := r.deps.Store.Swap(ctx, stateKey, version, raw, 0)
	if err != nil {
		return 0, fmt.Errorf("remembering how signatures were compared: %w", err)
	}
	return next, nil
}

// late is how old the last comparison may be: one night may fail.
const late = 50 * time.Hour

// quiet tells since when no webhook came although envelopes are open, zero when
// that is no reason to worry.
func (r *Reconciler) quiet(s state, h history) time.Time {
	since := h.last
	if since.IsZero() {
		since = s.Since
	}
	limit := time.Duration(r.cfg.QuietDays) * 24 * time.Hour
	if limit == 0 || s.Open == 0 || since.IsZero() || r.now().Sub(since) < limit {
		return time.Time{}
	}
	return since
}

// Check says for /readyz in words what is wrong with the way from DocuSeal to the
// hub, as far as the store knows.
func (r *Reconciler) Check(ctx context.Context) error {
	s, _, err := r.state(ctx)
	if err != nil {
		return err
	}
	h, err := r.history(ctx)
	if err != nil {
		return err
	}
	told, err := r.refused(ctx)
	if err != nil {
		return err
	}
	var wrong []string
	if told.since(h) {
		wrong = append(wrong, told.words())
	}
	if r.cfg.WebhookSecret.Empty() && r.cfg.WebhookHeader.Empty() {
		wrong = append(wrong, "every webhook of DocuSeal is refused: neither a signing secret nor a header is configured")
	}
	if since := r.quiet(s, h); !since.IsZero() {
		wrong = append(wrong, fmt.Sprintf("no webhook of DocuSeal for %d days while %s", r.days(since), envelopes(s.Open, "is open", "are open")))
	}
	switch {
	case !s.Success.IsZero() && r.now().Sub(s.Success) > late:
		wrong = append(wrong, fmt.Sprintf("signatures were last compared with DocuSeal %d hours ago", int(r.now().Sub(s.Success).Hours())))
	case s.Success.IsZero() && !s.Since.IsZero() && r.now().Sub(s.Since) > late:
		wrong = append(wrong, fmt.Sprintf("signatures could not be compared with DocuSeal for %d hours", int(r.now().Sub(s.Since).Hours())))
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	return nil
}

func (r *Reconciler) days(since time.Time) int { return int(r.now().Sub(since).Hours() / 24) }

// remembered says what came so far, and what was found missing.
func (v *visit) remembered(ctx context.Context) {
	if v.deps.Store == nil {
		return // who asks without a running hub says so
	}
	s, _, err := v.state(ctx)
	var h history
	if err == nil {
		h, err = v.history(ctx)
	}
	var told refusals
	if err == nil {
		told, err = v.refused(ctx)
	}
	if err != nil {
		v.say(Fail, "the hub's store cannot be read")
		return
	}
	v.lastEvent(s, h)
	v.knocks(told, h)
	switch {
	case s.Success.IsZero():
		v.say(Warn, "signatures were not compared with DocuSeal yet: the task %q does it at the start and every night", taskName)
	case v.now().Sub(s.Success) > late:
		v.say(Fail, "signatures were last compared with DocuSeal %s, see the task %q", day(s.Success), taskName)
	default:
		v.say(OK, "signatures were last compared with DocuSeal %s; %s", day(s.Success), envelopes(s.Open, "was open then", "were open then"))
	}
	if s.Missed > 0 {
		v.say(Warn, "%s found by asking DocuSeal that no webhook had told, the last one %s: webhooks are being lost", count(int(s.Missed), "signature"), day(s.LastMiss))
	}
	if s.Dead > 0 {
		v.say(Fail, "%s told and given up: see GET /inbox?status=dead", count(s.Dead, "signature"))
	}
	if s.Expired > 0 {
		v.say(Warn, "%s open with an envelope that has expired: a new link is needed", count(s.Expired, "quotation"))
	}
}

func (v *visit) lastEvent(s state, h history) {
	switch h.proof {
	case byHMAC:
		v.say(OK, "the last webhook came %s and was signed: DocuSeal is %s or later", day(h.last), docuseal.Signing)
	case byHeader:
		told := "it is an older one, or its signing secret is not the configured one"
		if v.version != "" {
			told = "it is " + v.version
		}
		v.say(OK, "the last webhook came %s, proven by the fixed header; DocuSeal %s, %s", day(h.last), "signs from "+docuseal.Signing+" on", told)
	default:
		v.say(Warn, "no webhook of DocuSeal has come yet")
	}
	if since := v.quiet(s, h); !since.IsZero() {
		v.say(Fail, "nothing came from DocuSeal for %d days while %s (TARGO_DOCUSEAL_QUIET_DAYS is %d): is the webhook registered?",
			v.days(since), envelopes(s.Open, "is open", "are open"), v.cfg.QuietDays)
	}
}

func day(t time.Time) string { return "on " + hub.Moment(t, hub.English) }
