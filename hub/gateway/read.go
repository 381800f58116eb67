package gateway

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/gateway/address"
	"gigafibre.ca/targo-hub/hub/gateway/papers"
	"gigafibre.ca/targo-hub/hub/gateway/reply"
	"gigafibre.ca/targo-hub/hub/gateway/rules"
	"gigafibre.ca/targo-hub/hub/gateway/shelf"
)

// question is what a class of callers asks: the address byte for byte.
type question struct {
	class *rules.Class
	uri   string
}

// ask is a question that was decided: it may be asked, and how.
type ask struct {
	rules.Verdict
	target  string
	headers *[variants]http.Header
	kept    bool // its answer is kept for a while
}

// The variants of the headers of a read: language, and packed or not.
const (
	english  = 1
	packed   = 2
	variants = 4
)

// longestQuestion bounds what is remembered of a question.
const longestQuestion = 1024

// read answers a GET.
func (g *Gateway) read(c echo.Context) error {
	if g.site == nil {
		return off()
	}
	r := c.Request()
	actor := hub.ActorOf(r.Context())
	class := g.policy.ClassOf(actor)
	a, uri, err := g.ask(class, r)
	if err != nil {
		return err
	}
	v := variant(r, actor.Lang)
	if a.Hide != nil || a.kept {
		v &^= packed // what is looked at or packed here must come as it is
	}
	key := shelf.Key{Class: class, URI: uri, Lang: langOf(v), Form: uint8(v & packed)}
	if a.kept {
		return g.fromShelf(c, a, key, v)
	}
	return g.fetch(c, a, key, v)
}

// ask decides the question of a request. What was decided once is remembered:
// the list does not change while the hub runs.
func (g *Gateway) ask(class *rules.Class, r *http.Request) (*ask, string, error) {
	uri := uriOf(r)
	if r.ContentLength != 0 {
		return nil, "", hub.Fail(hub.Malformed, "malformed", "A GET has no body here; send POST.", nil)
	}
	if a, ok := g.asked.GetIfPresent(question{class, uri}); ok {
		return a, uri, nil
	}
	uri = strings.Clone(uri) // of its own, not a piece of a read buffer
	a, err := g.decide(class, uri)
	if err == nil && len(uri) <= longestQuestion {
		g.asked.Set(question{class, uri}, a)
	}
	return a, uri, err
}

func (g *Gateway) decide(class *rules.Class, uri string) (*ask, error) {
	place, target, args, err := parts(uri, http.MethodGet)
	if err != nil {
		return nil, err
	}
	verdict, err := class.Check(rules.Request{Method: http.MethodGet, Place: place, Query: args})
	if err != nil {
		return nil, err
	}
	return &ask{Verdict: verdict, target: target, headers: g.headersFor(class), kept: verdict.Keep != rules.Keep{}}, nil
}

// uriOf is the address of a request as it was sent, without scheme and host.
func uriOf(r *http.Request) string {
	if uri := r.RequestURI; uri != "" && uri[0] == '/' {
		return uri
	}
	return r.URL.RequestURI() // the absolute form
}

// parts reads an address: where it leads, the target as it may be sent on, and
// what stands in its query.
func parts(uri, method string) (place address.Place, target string, args papers.Args, err error) {
	path, query, _ := strings.Cut(uri, "?")
	place, err = address.Parse(path, method)
	if err != nil {
		return place, "", nil, hub.Fail(hub.Malformed, "malformed", "The path is not readable.", err)
	}
	if len(query) > address.LongestQuery {
		return place, "", nil, hub.Fail(hub.Malformed, "malformed",
			"The query is too long; send the arguments in the body of a POST to frappe.client.get_list.", nil)
	}
	args, err = papers.Query(query)
	if err != nil {
		return place, "", nil, hub.Fail(hub.Malformed, "malformed", "The query is not readable.", err)
	}
	target = place.Path
	if query != "" {
		target += "?" + address.Sendable(query)
	}
	return place, target, args, brokenJSON(place, args)
}

// brokenJSON refuses what ERPNext would answer with an error of its own inside:
// such errors look like an outage to everybody who counts them.
func brokenJSON(place address.Place, args papers.Args) error {
	if place.Kind != address.Documents || place.V2 {
		return nil
	}
	for _, arg := range args {
		text, _ := papers.Text(arg.Value)
		switch arg.Key {
		case "fields", "filters", "or_filters":
			if opened, err := papers.Open(arg.Value); err != nil || text != "" && opened == text {
				return hub.Fail(hub.Malformed, "malformed", "The parameter "+arg.Key+" is not readable JSON.", err,
					hub.WithField("query/"+arg.Key, "expected JSON"))
			}
		}
	}
	return nil
}

// headersFor makes the headers of reads once for a class; they are shared.
func (g *Gateway) headersFor(class *rules.Class) *[variants]http.Header {
	if h, ok := g.headers.Load(class); ok {
		return h.(*[variants]http.Header)
	}
	all := new([variants]http.Header)
	for v := range all {
		all[v] = http.Header{
			"Accept": {echo.MIMEApplicationJSON}, "Accept-Language": {langOf(v)}, "Accept-Encoding": {"identity"}, "X-Hub-Actor": {class.Name},
		}
		if v&packed != 0 {
			all[v].Set("Accept-Encoding", "gzip")
		}
	}
	h, _ := g.headers.LoadOrStore(class, all)
	return h.(*[variants]http.Header)
}

func variant(r *http.Request, lang hub.Lang) (v int) {
	if lang == hub.English {
		v = english
	}
	if reply.TakesGzip(r) {
		v |= packed
	}
	return v
}

func langOf(v int) string {
	if v&english != 0 {
		return string(hub.English)
	}
	return string(hub.French)
}
