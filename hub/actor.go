package hub

import (
	"context"
	"slices"
	"time"
)

// Role says what kind of person or machine is asking.
type Role string

// The roles. A route names the ones that may enter.
const (
	RolePublic     Role = "public"
	RoleSigned     Role = "signed"
	RoleCustomer   Role = "customer"
	RoleTechnician Role = "technician"
	RoleStaff      Role = "staff"
	RoleService    Role = "service"
)

// Actor is who is asking, after the proof was checked.
type Actor struct {
	Role    Role
	ID      string    // user, technician, customer or service name; empty for the public
	Subject string    // what a link is bound to: a quotation for accept links
	Job     string    // the Dispatch Job that a technician's link is bound to
	Scopes  []string  // what a service token may do; empty means nothing beyond the role
	TokenID string    // jti of the proof
	Expires time.Time // when the proof ends; zero when it does not
	Since   time.Time // when the person signed in, else when the proof was given; zero for machines
	Lang    Lang
}

// May tells whether the actor's token carries the scope.
func (a Actor) May(scope string) bool { return slices.Contains(a.Scopes, scope) }

// String names the actor for the audit: "staff:ann@example.com".
func (a Actor) String() string {
	if a.ID == "" {
		return string(a.Role)
	}
	return string(a.Role) + ":" + a.ID
}

type contextKey int

const (
	actorKey contextKey = iota
	requestKey
)

// Facts are what a context tells of the request that is being worked on. A
// context type that has all of a request in one place holds them and asks them
// first; everybody else uses WithActor and WithRequestID.
type Facts struct {
	Actor   *Actor // nil for the public; not changed once the context is in use
	Request string // id of the request
}

// Value answers for the keys of this package, nil for others.
func (f *Facts) Value(key any) any {
	k, ours := key.(contextKey)
	switch {
	case !ours:
		return nil
	case k == actorKey && f.Actor != nil:
		return f.Actor
	case k == requestKey && f.Request != "":
		return &f.Request
	}
	return nil
}

// WithActor puts who is asking on the context.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey, &a)
}

// ActorOf returns who is asking; the public when nobody said.
func ActorOf(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey).(*Actor); ok {
		return *a
	}
	return Actor{Role: RolePublic}
}

// WithRequestID puts the id of the request (or of the job that works for it) on
// the context, so that logs and outgoing calls carry it.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey, &id)
}

// RequestID returns the id put by WithRequestID, or "".
func RequestID(ctx context.Context) string {
	if id, ok := ctx.Value(requestKey).(*string); ok {
		return *id
	}
	return ""
}
