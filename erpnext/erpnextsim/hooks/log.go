package hooks

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

const logDoctype = "Webhook Request Log"

// log writes a row for each try.
func (b *Board) log(d delivery, tries []outcome) error {
	return b.site.As(d.user, func(s *document.Session) error {
		for _, o := range tries {
			if _, err := insert(s, d, o, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// insert writes one row of the log; more are further fields.
func insert(s *document.Session, d delivery, o outcome, more map[string]any) (string, error) {
	values := map[string]any{
		"webhook": d.hook, "reference_document": d.name, "user": d.user, "url": meta.OrNil(d.url),
		"response": meta.OrNil(o.response), "error": traceback(o.failure),
	}
	if len(d.headers) > 0 {
		shown := slices.Clone(d.headers)
		if signature, ok := shown.Get(signatureHeader).(string); ok {
			shown.Set(signatureHeader, []byte(signature)) // Python's bytes are logged as numbers
		}
		values["headers"] = indented(shown)
	}
	if object, ok := d.data.(wire.Object); d.data != nil && (!ok || len(object) > 0) {
		values["data"] = indented(d.data)
	}
	t, err := s.Type(logDoctype)
	if err != nil {
		return "", err
	}
	if t.Has("reference_doctype") {
		values["reference_doctype"] = d.doctype
	}
	maps.Copy(values, more)
	doc, err := s.New(logDoctype, values)
	if err != nil {
		return "", err
	}
	doc.Lenient = true // a webhook that is gone by now stays named
	return doc.Name(), s.As(func() error { return s.Insert(doc) })
}

func indented(v any) string {
	return string(wire.Encode(wire.Plain(v), wire.Style{ASCII: true, Indent: true})) // Go maps come sorted
}

func traceback(last string) string {
	if last == "" {
		return ""
	}
	return "Traceback (most recent call last):\n" +
		"  File \"apps/frappe/frappe/integrations/doctype/webhook/webhook.py\", line 175, in enqueue_webhook\n    r = requests.request(\n" +
		last + "\n"
}

// steps are the waits of a site that keeps its deliveries, in minutes: after the
// last of them, about 27 hours, it gives up.
func steps() []time.Duration { return []time.Duration{5, 30, 120, 300, 600, 600} }

// first tries a delivery that is kept; when it fails the log says when it is tried
// again.
func (b *Board) first(d delivery) error {
	o := b.try(d)
	return b.site.As(d.user, func(s *document.Session) error {
		more := b.verdict(s, o, 1)
		more["payload"], more["sent_headers"], more["request_method"] = string(d.body), string(wire.Encode(d.headers, wire.Style{})), d.method
		more["timeout"] = int64(d.timeout.Seconds())
		_, err := insert(s, d, o, more)
		return err
	})
}

// verdict is what the log says after a number of tries.
func (b *Board) verdict(s *document.Session, o outcome, tries int) map[string]any {
	out := map[string]any{"attempts": int64(tries), "status": "Delivered", "next_retry": nil, "error": traceback(o.failure), "response": meta.OrNil(o.response)}
	switch waits := steps(); {
	case o.delivered:
	case tries > len(waits):
		out["status"] = "Exhausted"
	default:
		out["status"] = "Failed"
		out["next_retry"] = s.Clock().Add(waits[tries-1] * 60 * b.opts.Second).Format(paper.Datetime)
	}
	return out
}

// again looks every five minutes for kept deliveries that are due, those of an
// earlier run of the site included.
func (b *Board) again() {
	for b.pause(300) {
		if !b.site.Later() {
			continue
		}
		if err := b.retry(); err != nil && b.ctx.Err() == nil {
			b.site.Log.Error("retrying webhooks failed", "error", err.Error())
		}
	}
}

func (b *Board) retry() error {
	var due []store.Row
	err := b.site.As(access.Administrator, func(s *document.Session) error {
		var err error
		due, err = s.Tx.Rows("SELECT * FROM "+store.Table(logDoctype)+" WHERE status = 'Failed' AND next_retry <= ? ORDER BY next_retry", s.Now())
		return err
	})
	if err != nil {
		return err
	}
	for _, row := range due {
		d := delivery{
			method: meta.Text(row["request_method"]), url: meta.Text(row["url"]), body: []byte(meta.Text(row["payload"])),
			timeout: time.Duration(meta.Int(row["timeout"])) * time.Second,
		}
		if d.method == "" {
			d.method = http.MethodPost
		}
		headers, err := wire.DecodeOrdered([]byte(meta.Text(row["sent_headers"])))
		if err != nil { // without them it would go out unsigned
			b.site.Log.Warn("webhook not tried again", "log", meta.Text(row["name"]), "error", err.Error())
			continue
		}
		d.headers, _ = headers.(wire.Object)
		o := b.try(d)
		err = b.site.As(access.Administrator, func(s *document.Session) error {
			return s.SetValue(logDoctype, meta.Text(row["name"]), b.verdict(s, o, int(meta.Int(row["attempts"]))+1), true)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
