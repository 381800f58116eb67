package access

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

// sessionHeader is where a proxy passes on the token of the sign-in server.
const sessionHeader = "X-Authentik-Jwt"

// Identities verifies that token, by keys that it knows from the settings. A token
// that does not count is hub.Unauthenticated; a server that cannot be asked is
// another failure.
type Identities interface {
	Verify(ctx context.Context, token string) (Person, error)
}

// Person is who signed in at the staff's or at the customers' server.
type Person struct {
	Issuer   string // IssuerStaff or IssuerClients
	ID       string // of the session's token
	Subject  string // who it is, for the server
	Username string
	Name     string
	Email    string // in lower case
	Verified bool   // the server has seen proof that the address is the person's
	Groups   []string
	Issued   time.Time
	Expires  time.Time
}

// The servers. Their people and groups are never merged.
const (
	IssuerStaff   = "staff"
	IssuerClients = "clients"
)

// name is what the hub calls a person of the staff.
func (p Person) name() string {
	for _, name := range []string{p.Email, p.Username} {
		if name != "" {
			return name
		}
	}
	return p.Subject
}

// Lookup finds whose account it is in ERPNext: the name of a Dispatch Technician
// or a Customer. Nobody's is hub.NotFound.
type Lookup func(ctx context.Context, p Person) (name string, err error)

// sessionOf returns the one token that a proxy passes on; two are none.
func sessionOf(r *http.Request) string {
	if values := r.Header[sessionHeader]; len(values) == 1 {
		return values[0]
	}
	return ""
}

// sessionID begins the ids under which sessions are revoked.
const sessionID = "session-"

// session checks the session that a proxy vouches for. Whatever the headers say,
// it counts on the connection of a trusted proxy only: everybody else could write
// them himself.
func (g *Guard) session(ctx context.Context, r *http.Request, role hub.Role) (hub.Actor, error) {
	token := sessionOf(r)
	if token == "" || g.identities == nil || !web.CallerOf(ctx).Proxied {
		return hub.Actor{}, needed()
	}
	p, err := g.identities.Verify(ctx, token)
	if err == nil { // before it is asked what for: who has signed out is told so, and not that he may not
		err = g.keys.checkSession(ctx, p, Audience(p.Issuer), p.name())
	}
	if err != nil {
		return hub.Actor{}, err
	}
	audience, id := Staff, p.name()
	switch role {
	case hub.RoleStaff:
		if !g.isStaff(p) {
			return hub.Actor{}, hub.Fail(hub.Forbidden, "forbidden", "This account is not one of the staff.", nil)
		}
	case hub.RoleTechnician:
		audience = Technician
		id, err = g.account(ctx, p, p.Issuer == IssuerStaff && g.isTechnician(p), g.technician)
	default:
		audience = Portal
		id, err = g.account(ctx, p, p.Issuer == IssuerClients, g.customer)
	}
	if err != nil {
		return hub.Actor{}, err
	}
	if err := g.keys.checkSession(ctx, p, audience, id); err != nil {
		return hub.Actor{}, err
	}
	return hub.Actor{Role: role, ID: id, TokenID: sessionID + p.ID, Expires: p.Expires, Since: p.Issued}, nil
}

// isStaff tells whether a person is of the staff. A technician is, only if a group
// says so.
func (g *Guard) isStaff(p Person) bool {
	if p.Issuer != IssuerStaff {
		return false
	}
	if len(g.cfg.StaffGroups) > 0 {
		return slices.ContainsFunc(p.Groups, func(group string) bool { return slices.Contains(g.cfg.StaffGroups, group) })
	}
	return !g.isTechnician(p)
}

func (g *Guard) isTechnician(p Person) bool {
	return g.cfg.TechnicianGroup != "" && slices.Contains(p.Groups, g.cfg.TechnicianGroup)
}

// account finds whose account it is.
func (g *Guard) account(ctx context.Context, p Person, fits bool, find Lookup) (string, error) {
	if !fits || find == nil {
		return "", hub.Fail(hub.Forbidden, "forbidden", "This account is for something else.", nil)
	}
	key := p.Issuer + "\n" + p.Subject
	name, known := g.accounts.find(key, time.Now())
	if !known {
		var err error
		if name, err = find(ctx, p); err != nil && !hub.IsKind(err, hub.NotFound) {
			return "", err
		}
		g.accounts.add(key, name, time.Now())
	}
	if name == "" {
		return "", hub.Fail(hub.Forbidden, "forbidden", "Nobody in ERPNext has this account.", nil)
	}
	return name, nil
}

const (
	accountFor = time.Minute
	accountMax = 1024
)

// accounts remembers for a minute whose account it is, and which are nobody's: who
// has signed in may ask as often as he likes.
type accounts struct {
	mu    sync.Mutex
	names map[string]account
}

type account struct {
	name  string // empty: nobody's
	until time.Time
}

func (a *accounts) find(key string, now time.Time) (name string, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	found := a.names[key]
	return found.name, now.Before(found.until)
}

func (a *accounts) add(key, name string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.names == nil || len(a.names) >= accountMax {
		a.names = map[string]account{}
	}
	a.names[key] = account{name, now.Add(accountFor)}
}
