package web

import (
	"cmp"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web/front"
	"gigafibre.ca/targo-hub/hub/web/meter"
	"gigafibre.ca/targo-hub/hub/web/shell"
)

// Guard says who may enter a route. The zero Guard lets nobody in and cannot be
// registered.
type Guard uint8

// The guards. Signed is for senders that prove themselves by a signature over
// the body or a secret of their own: the handler checks it, and nothing that the
// request says is believed before.
const (
	Public Guard = 1 << iota
	Signed
	Customer
	Technician
	Staff
	Service
)

// named is a guard with its name and the role that it lets in.
type named struct {
	guard Guard
	name  string
	role  hub.Role
}

// names lists the guards in the order in which they are shown and tried.
func names() []named {
	return []named{
		{Public, "Public", hub.RolePublic},
		{Signed, "Signed", hub.RoleSigned},
		{Customer, "Customer", hub.RoleCustomer},
		{Technician, "Technician", hub.RoleTechnician},
		{Staff, "Staff", hub.RoleStaff},
		{Service, "Service", hub.RoleService},
	}
}

// Or lets the callers of either guard in.
func (g Guard) Or(other Guard) Guard { return g | other }

// Has tells whether the guard lets all callers of the other one in.
func (g Guard) Has(other Guard) bool { return g&other == other }

// String names the guard: "Staff|Service".
func (g Guard) String() string {
	var list []string
	for _, n := range names() {
		if g.Has(n.guard) {
			list = append(list, n.name)
		}
	}
	return cmp.Or(strings.Join(list, "|"), "Nobody")
}

// roles lists the roles that the guard lets in.
func (g Guard) roles() []hub.Role {
	var roles []hub.Role
	for _, n := range names() {
		if g.Has(n.guard) {
			roles = append(roles, n.role)
		}
	}
	return roles
}

// Doc describes a plain route: how it is documented, and the ways in which it
// differs from an ordinary one.
type Doc struct {
	ID, Summary, Description, Tag string
	Body                          string        // media type of the request body, for the document; empty = none
	Answer                        string        // media type of the answer; empty = text/html for GET, else JSON
	Status                        int           // of a good answer, for the document; 200 when 0
	Shape                         any           // a value of the type of a JSON answer, for the document
	Failures                      []int         // every status of a refusal, for the document; those that guard and method suggest when nil
	MaxBody                       int64         // bytes; 1 MiB when 0
	Stream                        bool          // stays open: no time budget, no compression; its context ends when the hub stops
	AsIs                          bool          // the handler decides on compression, the edge adds none
	Budget                        time.Duration // for the whole request, its body included; 30 s when 0
	Lean                          bool          // a GET without a body, or a POST, that is asked often: served without net/http where the settings allow it; needs no hijacking
	Idempotent                    bool          // honours Idempotency-Key (JSON operations always do)
	Unmetered                     bool          // a public route that takes nothing from the allowance: probes, assets, what has its own
	Calls                         bool          // another system is called before the answer: 502 is possible
	Hidden                        bool          // not in the OpenAPI document

	// Refused answers instead of the problem page when the guard lets nobody in, an
	// ended link say; err tells why (hub.ProblemOf). What it returns is answered as a
	// problem then, so it may return err. Programs that ask for JSON never meet it.
	Refused func(c echo.Context, err error) error
}

// Route is a line of the route table.
type Route struct {
	Method string `json:"method"`
	Path   string `json:"path"` // with {names}
	Guard  string `json:"guard"`
}

// route is a registered route.
type route struct {
	Route
	guard Guard
	roles []hub.Role
	doc   Doc
	json  bool   // a JSON operation
	link  bool   // the path holds a proof
	echo  string // the path as echo writes it
	line  *meter.Line
}

// routeKey is what echo knows of a request's route.
type routeKey struct{ method, path string }

// Router takes routes, each with its guard. It is used before the server runs,
// by one goroutine.
type Router struct {
	server  *Server
	api     huma.API
	routes  map[routeKey]*route
	pages   *template.Template
	lean    front.Routes // what is served without net/http's server
	problem *huma.Schema // what every failure looks like
}

// param finds {name} and :name in a path.
var param = regexp.MustCompile(`\{([a-zA-Z0-9_]+)\}|:([a-zA-Z0-9_]+)`)

// Handle registers a plain route: a page, a webhook, a stream, a pass-through.
// path may name parts ("/accept/{jwt}") and end in "/*". It panics when the
// guard is empty or the route exists, because that is a mistake of the program.
//
// A path parameter called jwt is a proof: the guard checks it, and the handler
// finds the actor on the context.
func (r *Router) Handle(method, path string, guard Guard, h echo.HandlerFunc, about ...Doc) {
	var doc Doc
	if len(about) > 0 {
		doc = about[0]
	}
	rt := r.add(method, path, guard, doc)
	if doc.Lean {
		if err := r.lean.Mark(rt.Method, rt.Path, rt.doc.MaxBody); err != nil {
			panic(err)
		}
	}
	r.describe(rt)
	r.server.echo.Add(method, rt.echo, r.server.through(rt, h))
}

// Assets serves a feature's files under addresses that hold a hash of the
// content ("/accept/assets/sign.3f2a….js"), Public, kept by browsers for a year.
// The result gives the addresses to templates.
func (r *Router) Assets(prefix string, files fs.FS) (*shell.Assets, error) {
	assets, err := shell.NewAssets(prefix, files)
	if err != nil {
		return nil, err
	}
	return assets, r.assets(assets)
}

func (r *Router) assets(a *shell.Assets) error {
	if !strings.HasPrefix(a.Prefix, "/") {
		return fmt.Errorf("serving assets: prefix %q must begin with /", a.Prefix)
	}
	r.Handle(http.MethodGet, a.Prefix+"/{file}", Public, func(c echo.Context) error {
		file, ok := a.Find(c.Param("file"))
		if !ok {
			return hub.Fail(hub.NotFound, "not-found", "There is no such file.", nil)
		}
		c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		return c.Blob(http.StatusOK, file.Type, file.Body)
	}, Doc{Hidden: true, Unmetered: true})
	return nil
}

// Routes lists the registered routes, by path and method.
func (s *Server) Routes() []Route {
	list := make([]Route, 0, len(s.router.routes))
	for _, rt := range s.router.routes {
		list = append(list, rt.Route)
	}
	slices.SortFunc(list, func(a, b Route) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	return list
}

func (r *Router) add(method, path string, guard Guard, doc Doc) *route {
	rt := &route{
		Route: Route{Method: method, Path: param.ReplaceAllString(path, "{$1$2}"), Guard: guard.String()},
		guard: guard, roles: guard.roles(), doc: doc, echo: param.ReplaceAllString(path, ":$1$2"),
	}
	rt.link = strings.Contains(rt.Path, "{jwt}")
	rt.line = r.server.meter.Line(rt.Path, method)
	if guard == 0 {
		panic("route without a guard: " + method + " " + path)
	}
	if r.routes[rt.key()] != nil {
		panic("route registered twice: " + method + " " + path)
	}
	if rt.doc.Budget == 0 {
		rt.doc.Budget = requestBudget
	}
	if rt.doc.MaxBody == 0 {
		rt.doc.MaxBody = usualBody
	}
	r.routes[rt.key()] = rt
	return rt
}

func (rt *route) key() routeKey { return routeKey{rt.Method, rt.echo} }
