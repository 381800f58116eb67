package hooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/hooks/expr"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// delivery is a request as it will be made, each time with the same bytes.
type delivery struct {
	job
	method, url string
	headers     wire.Object
	data        any
	body        []byte
	timeout     time.Duration
}

const signatureHeader = "X-Frappe-Webhook-Signature"

// worker sends one delivery after the other.
func (b *Board) worker() {
	for {
		select {
		case <-b.ctx.Done():
			return
		case <-b.wake:
		}
		b.mu.Lock()
		j := b.jobs[0]
		b.jobs = b.jobs[1:]
		b.busy++
		b.mu.Unlock()
		if err := b.run(j); err != nil && b.ctx.Err() == nil {
			b.site.Log.Error("webhook job failed", "webhook", j.hook, "error", err.Error())
		}
		b.mu.Lock()
		b.busy--
		b.idle.Broadcast()
		b.mu.Unlock()
	}
}

// run works off one job: it is prepared, sent, and written into the log.
func (b *Board) run(j job) error {
	d, err := b.prepare(j)
	if err != nil {
		return b.log(d, []outcome{{failure: err.Error()}})
	}
	if b.site.Later() {
		return b.first(d)
	}
	return b.log(d, b.threeTimes(d))
}

// threeTimes tries until it works, three times at most. After a receiver that was
// too slow it goes on at once, after other failures it waits 1, 4 and 7 seconds.
func (b *Board) threeTimes(d delivery) []outcome {
	var tries []outcome
	for i := range 3 {
		o := b.try(d)
		if o.failure != "" && o.response == "" && !o.slow && len(tries) > 0 {
			o.response = tries[len(tries)-1].response // the log shows the last answer that there was
		}
		tries = append(tries, o)
		if o.delivered {
			break
		}
		if !o.slow && !b.pause(time.Duration(3*i+1)) {
			break
		}
	}
	return tries
}

// pause waits n of the board's seconds; false is the end of the site.
func (b *Board) pause(n time.Duration) bool {
	timer := time.NewTimer(n * b.opts.Second)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-b.ctx.Done():
		return false
	}
}

// prepare reads the webhook as it is by now and makes the request.
func (b *Board) prepare(j job) (delivery, error) {
	d := delivery{job: j}
	err := b.site.As(j.user, func(s *document.Session) error {
		hook, err := s.Load("Webhook", j.hook)
		if err != nil {
			return err
		}
		d.method, d.url = hook.Text("request_method"), hook.Text("request_url")
		d.timeout = time.Duration(max(hook.Int("timeout"), 0)) * time.Second
		if d.timeout == 0 {
			d.timeout = 5 * time.Second
		}
		if hook.Int("is_dynamic_url") != 0 {
			if d.url, err = d.fill(hook.Text("request_url")); err != nil {
				return err
			}
		}
		return d.compose(s, hook)
	})
	return d, err
}

// compose makes body and headers. The body is JSON in Python's own serialisation,
// whatever the webhook's request structure says, and comes without a content type.
func (d *delivery) compose(s *document.Session, hook *document.Doc) error {
	fields := wire.Object{}
	for _, row := range hook.Rows("webhook_data") {
		fields.Set(row.Text("key"), d.doc.Get(row.Text("fieldname")))
	}
	d.data = fields
	if text := hook.Text("webhook_json"); text != "" && len(fields) == 0 {
		filled, err := d.fill(text)
		if err != nil {
			return err
		}
		if d.data, err = wire.DecodeOrdered([]byte(filled)); err != nil {
			return err
		}
	}
	d.body = wire.Encode(d.data, wire.Style{ASCII: true, Spaces: true})
	if hook.Int("enable_security") != 0 {
		secret, err := s.Tx.Secret("Webhook", hook.Name(), "webhook_secret")
		if err != nil {
			return err
		}
		mac := hmac.New(sha256.New, []byte(secret))
		_, _ = mac.Write(d.body) // a hash takes everything
		d.headers.Set(signatureHeader, base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	for _, row := range hook.Rows("webhook_headers") {
		if row.Text("key") != "" && row.Text("value") != "" {
			d.headers.Set(row.Text("key"), row.Text("value"))
		}
	}
	return nil
}

func (d *delivery) fill(text string) (string, error) {
	t, err := expr.ParseTemplate(text)
	if err != nil {
		return "", err
	}
	return t.Fill(expr.Scope{Doctype: d.doctype, Doc: d.doc})
}
