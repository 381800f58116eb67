package main

import (
	"go/ast"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// diallers are what opens a connection, by import path.
var diallers = map[string][]string{
	"net":        {"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer", "Resolver", "DefaultResolver", "LookupHost", "LookupIP", "LookupAddr"},
	"crypto/tls": {"Dial", "DialWithDialer", "Dialer", "Client"},
	"net/http":   {"Get", "Head", "Post", "PostForm", "DefaultClient", "DefaultTransport", "Client", "Transport"},
	"net/smtp":   {"Dial", "SendMail", "NewClient"},
	"net/rpc":    {"Dial", "DialHTTP"},
	"syscall":    {"Connect", "Socket"},
}

// mayDial names who may, and why.
var mayDial = map[string]string{
	"connectors/transport.go":         "the one place where the kit reaches the network",
	"connectors/wire/wire.go":         "its default, which the kit replaces",
	"connectors/connectors.go":        "a client on the kit's own transport",
	"connectors/sdk.go":               "the same, for an SDK",
	"connectors/twilio/twilio.go":     "the same, handed to the SDK",
	"connectors/mailjet/mailjet.go":   "the same, handed to the SDK",
	"connectors/traccar/live/live.go": "the live connection to Traccar, which the kit would end at its time-out: it asks, and writes to nobody",
	"cmd/targo-hub/inbox.go":          "the command that asks the operator's own hub",
	"cmd/targo-hub/check.go":          "check --ready asks the operator's own hub",
}

// ownWays are libraries that dial by themselves, and who may import them.
var ownWays = map[string]string{
	"github.com/redis/go-redis/": "hub/keep/redis", "github.com/go-resty/resty/": "connectors", "github.com/coder/websocket": "connectors",
	"github.com/stripe/": "connectors/stripe", "google.golang.org/": "connectors", "github.com/gosnmp/": "connectors",
}

// TestOnlyConnectorsDial: nothing but the kit for calling out opens a connection,
// so that closing the kit closes the hub.
func TestOnlyConnectorsDial(t *testing.T) {
	t.Parallel()
	found := 0
	for _, src := range sources(t) {
		if strings.HasSuffix(src.path, "_test.go") || strings.HasPrefix(src.path, "cmd/targo-sim/") || beside(src.path[:max(strings.LastIndexByte(src.path, '/'), 0)]) {
			continue
		}
		uses := dials(src)
		if len(uses) > 0 && mayDial[src.path] == "" {
			t.Errorf("%s can open connections (%s): only connectors may", src.path, strings.Join(uses, ", "))
		}
		found += len(uses)
		for _, i := range src.file.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			for way, home := range ownWays {
				if strings.HasPrefix(path, way) && !strings.HasPrefix(src.path, home+"/") && !strings.HasPrefix(src.path, "erpnext/") {
					t.Errorf("%s imports %s, which opens connections: only %s may", src.path, path, home)
				}
			}
		}
	}
	if found == 0 {
		t.Error("nobody dials at all: the search is broken")
	}
}

// dials lists what a file uses that opens connections. A type in a signature
// counts as well: who has a client can use it.
func dials(src source) (uses []string) {
	names := map[string]string{} // of imported packages in this file
	for _, i := range src.file.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		if diallers[path] == nil {
			continue
		}
		name := path[strings.LastIndexByte(path, '/')+1:]
		if i.Name != nil {
			name = i.Name.Name
		}
		names[name] = path
	}
	if len(names) == 0 {
		return nil
	}
	ast.Inspect(src.file, func(n ast.Node) bool {
		if star, ok := n.(*ast.StarExpr); ok { // *http.Client as a type is somebody else's
			if _, ok := star.X.(*ast.SelectorExpr); ok {
				return false
			}
		}
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if of, ok := sel.X.(*ast.Ident); ok && slices.Contains(diallers[names[of.Name]], sel.Sel.Name) {
			uses = append(uses, of.Name+"."+sel.Sel.Name)
		}
		return true
	})
	return uses
}
