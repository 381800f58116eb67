package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// asks writes down who wants to change what. Without that nothing is changed.
func (g *Gateway) asks(o *order) error {
	if g.trail == nil {
		return hub.Fail(hub.Unavailable, "store-unavailable", "Changes cannot be written down, so none is made.", nil)
	}
	if err := g.trail.Audit(o.ctx, o.record("asked", nil)); err != nil {
		return hub.Fail(hub.Unavailable, "store-unavailable", "The change cannot be written down, so it is not made.", err)
	}
	return nil
}

// ended writes down how a change ended. A hub that dies before that leaves the
// first record: what was asked may have been done. start is the start of the
// answer, nil when there is none to look into.
func (g *Gateway) ended(o *order, how string, start []byte) {
	if !o.Mutates {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(o.ctx), 5*time.Second)
	defer cancel()
	if err := g.trail.Audit(ctx, o.record(how, start)); err != nil {
		g.log.ErrorContext(ctx, "outcome of a change is not written down", "request", hub.RequestID(ctx), "err", err)
	}
}

// longestName is how much of what a caller calls a name is kept as one.
const longestName = 140 // characters

// record is the evidence: names, never values. A name that ERPNext has given
// stands in the start of its answer.
func (o *order) record(how string, start []byte) keep.Record {
	r := keep.Record{
		Actor: o.actor.String(), Action: "gateway." + o.Action, Name: o.Name,
		Request: hub.RequestID(o.ctx), Detail: o.method + " " + how,
	}
	if o.place.Method != "" {
		r.Detail = o.method + " " + o.place.Method + " " + how
	}
	if o.Doctype != nil {
		r.Doctype = o.Doctype.Name
	}
	if r.Name == "" {
		r.Name = nameIn(start)
	}
	r.Name = hub.Clip(r.Name, longestName)
	return r
}

// answered names an answer by its status and, if it refuses, its class.
func answered(resp *http.Response, class string) string {
	return strings.TrimSpace("answered " + strconv.Itoa(resp.StatusCode) + " " + class)
}

// whyNot names a missing answer.
func whyNot(err error) string {
	if k, ok := connectors.AsError(err); ok {
		return k.Code + ", " + k.Outcome.String()
	}
	return hub.ProblemOf(err).Code
}

// nameIn finds the name of the document in the start of an answer: the member
// name of its data or message. A start that is cut off is read as far as it goes.
func nameIn(start []byte) string {
	d := json.NewDecoder(bytes.NewReader(start))
	if !opens(d) || !finds(d, "data", "message") || !opens(d) || !finds(d, "name") {
		return ""
	}
	token, _ := d.Token()
	name, _ := token.(string)
	return name
}

// opens takes the start of an object.
func opens(d *json.Decoder) bool {
	token, err := d.Token()
	return err == nil && token == json.Delim('{')
}

// finds skips members until one with such a name.
func finds(d *json.Decoder, names ...string) bool {
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return false
		}
		for _, name := range names {
			if key == name {
				return true
			}
		}
		var skipped json.RawMessage
		if d.Decode(&skipped) != nil {
			return false
		}
	}
	return false
}

// touched drops what is kept and may now be out of date. It is called before the
// answer is given, whatever the answer is.
func (g *Gateway) touched(o *order) {
	if o.Wide || o.Doctype == nil {
		g.Changed("", "")
		return
	}
	g.Changed(o.Doctype.Name, o.Name)
}

// printable makes a text fit for a header.
func printable(text string) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for i := range min(len(text), 200) {
		if c := text[i]; c > ' ' && c <= '~' && c != '%' {
			out.WriteByte(c)
		} else {
			out.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
		}
	}
	return out.String()
}
