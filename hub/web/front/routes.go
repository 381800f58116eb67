package front

import (
	"fmt"
	"net/http"
	"strings"
)

// Routes are the routes that are served here, for Config.Takes.
type Routes []routeHere

type routeHere struct {
	method string
	path   string // what the path begins with when it ends in a slash, else all of it
	body   int64  // the longest body, in bytes
}

// MaxBody is the longest body of a request here, in bytes.
const MaxBody = 64 << 10

// Mark adds a route: GET without a body, or POST with one up to a length, of a
// path or of all that begins with what stands before its "*". It fails for other
// methods, and for names in the middle of a path, which would be dear to find.
func (r *Routes) Mark(method, path string, longest int64) error {
	here := routeHere{method: method, path: strings.TrimSuffix(path, "*")}
	if method == http.MethodPost {
		here.body = min(longest, MaxBody)
	}
	if method != http.MethodGet && method != http.MethodPost || strings.ContainsAny(here.path, "{*") {
		return fmt.Errorf("marking %s %s: it must be a GET or POST of a fixed path, or of all that begins with one", method, path)
	}
	*r = append(*r, here)
	return nil
}

// Limit implements Config.Takes.
func (r Routes) Limit(method, path string) int64 {
	for i := range r {
		here := &r[i]
		if here.method == method && (path == here.path || here.path[len(here.path)-1] == '/' && strings.HasPrefix(path, here.path)) {
			return here.body
		}
	}
	return -1
}
