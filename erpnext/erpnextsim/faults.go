package erpnextsim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/answer"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/form"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/route"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/simkit"
)

// faults names the faults of the site's own, for simkit.Fault.Kind, and opens the
// configuration to the control API:
//
//	deadlock       500, as two writers of one row get it on this database
//	serialization  500 SerializationFailure, as on Postgres
//	lock_timeout   500, as a writer gets it who waited too long for a row
//	maintenance    503 SessionStopped
//	permission     403 PermissionError
//	timestamp      somebody else saves the document in between, then all goes on
//	gateway        502, the page of the server in front, without doing anything
//	late_gateway   everything is done, the server in front answers 504
func (s *Site) faults() {
	raise := func(make func() *exception.Error) simkit.KindFunc {
		return func(w http.ResponseWriter, r *http.Request, _ http.Handler) { s.stranger(r).fail(w, make()) }
	}
	for name, f := range map[string]simkit.KindFunc{
		"deadlock":      raise(func() *exception.Error { return answer.Deadlock(s.opts.Database) }),
		"serialization": raise(func() *exception.Error { return answer.Deadlock(Postgres) }),
		"lock_timeout":  raise(func() *exception.Error { return answer.Locked(s.opts.Database) }),
		"maintenance":   raise(answer.Stopped),
		"permission":    raise(func() *exception.Error { return exception.Denied("") }),
		"timestamp":     s.overtake,
		"gateway":       func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { answer.Proxy(w, http.StatusBadGateway) },
		"late_gateway": func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			next.ServeHTTP(simkit.Nowhere(), r)
			answer.Proxy(w, http.StatusGatewayTimeout)
		},
	} {
		s.control.Kind(name, f)
	}
	s.control.OnReset(func() { s.config.Store(&s.opts.Config) })
	s.control.Handle("GET /_sim/config", func(w http.ResponseWriter, _ *http.Request) {
		simkit.WriteJSON(w, http.StatusOK, s.config.Load())
	})
	s.control.Handle("POST /_sim/config", s.configure)
}

// configure merges a JSON object into the configuration.
func (s *Site) configure(w http.ResponseWriter, r *http.Request) {
	var raw json.RawMessage
	if !simkit.ReadJSON(w, r, &raw) {
		return
	}
	var err error
	s.Configure(func(c *Settings) {
		next := c.Clone()
		if err = json.Unmarshal(raw, &next); err == nil {
			*c = next
		}
	})
	if err != nil {
		simkit.WriteJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	simkit.WriteJSON(w, http.StatusOK, s.config.Load())
}

// stranger is a call that gets no further than its answer; tracebacks are shown.
func (s *Site) stranger(r *http.Request) *call {
	return s.call(r, access.User{Name: access.Guest, Desk: true})
}

// overtake lets somebody else save the document that the request is about, right
// before the request.
func (s *Site) overtake(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if m := s.stranger(r).target(); m.Operation == route.Update || m.Operation == route.Run {
		err := s.writing(func(ses *document.Session) error {
			return ses.SetValue(m.Doctype, m.Name, nil, true)
		})
		if err != nil {
			s.opts.Log.Warn("nobody could overtake", "error", err.Error())
		}
	}
	next.ServeHTTP(w, r)
}

// answerFault writes an armed fault in the shape that the real site, or what
// stands in front of it, uses for that status.
func (s *Site) answerFault(w http.ResponseWriter, r *http.Request, status int) {
	c := s.stranger(r)
	switch status {
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		answer.Proxy(w, status)
	case http.StatusRequestEntityTooLarge:
		c.fail(w, form.TooLarge())
	case http.StatusMethodNotAllowed:
		c.fail(w, wrongVerb("GET, HEAD"))
	case http.StatusTooManyRequests:
		for k, v := range map[string]string{"Retry-After": "2", "X-RateLimit-Limit": "60000000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2"} {
			w.Header().Set(k, v)
		}
		c.fail(w, exception.Raise("TooManyRequestsError", ""))
	case http.StatusServiceUnavailable:
		c.fail(w, answer.Stopped())
	case http.StatusForbidden:
		c.fail(w, exception.Denied(""))
	case http.StatusNotFound:
		c.fail(w, exception.Raise("DoesNotExistError", ""))
	case http.StatusUnauthorized:
		c.fail(w, exception.Raise("AuthenticationError", ""))
	case http.StatusConflict:
		c.fail(w, exception.Raise("DuplicateEntryError", "('', '', IntegrityError(1062, \"Duplicate entry\"))"))
	case http.StatusExpectationFailed:
		c.fail(w, exception.Invalid("The server refused this on request of the test"))
	default:
		e := answer.Deadlock(s.opts.Database)
		e.Status = status
		c.fail(w, e)
	}
}

// state is what GET /_sim/state shows: how many documents of each kind there are,
// and how many of them are no drafts any more.
func (s *Site) state() any {
	counts, submitted := map[string]any{}, map[string]any{}
	out := map[string]any{"documents": counts, "submitted": submitted, "profile": s.opts.Profile.String()}
	err := s.reading(func(ses *document.Session) error {
		for _, d := range ses.Set.All() {
			if d.Single || d.Child {
				continue
			}
			n, err := ses.Tx.Value("SELECT count(*) FROM " + store.Table(d.Name))
			if err != nil {
				return err
			}
			if meta.Int(n) > 0 && d.Name != "DocType" {
				counts[d.Name] = n
			}
			if !d.Submittable {
				continue
			}
			if n, err = ses.Tx.Value("SELECT count(*) FROM " + store.Table(d.Name) + " WHERE docstatus > 0"); err != nil {
				return err
			}
			if meta.Int(n) > 0 {
				submitted[d.Name] = n
			}
		}
		return nil
	})
	if err != nil { // what was counted by then is not all
		out["error"] = err.Error()
	}
	return out
}

// Lock holds a document's row, as another request in the middle of its work would,
// until release is called. Nothing else is written meanwhile.
func (s *Site) Lock(doctype, name string) (release func(), err error) {
	tx, err := s.store.Begin(context.Background(), true)
	if err != nil {
		return nil, err
	}
	if err := tx.Hold(doctype, name); err != nil {
		tx.Rollback()
		return nil, fmt.Errorf("locking %s %s: %w", doctype, name, err)
	}
	return tx.Rollback, nil
}

// SpendRate charges processing time to the budget of a rate-limited site, to try
// what an exhausted one does.
func (s *Site) SpendRate(d time.Duration) {
	if budget := s.config.Load().RateLimit; budget != nil {
		s.meter.Spend(*budget, s.opts.Now(), d)
	}
}
