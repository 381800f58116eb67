package main

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "gigafibre.ca/targo-hub"

// floors gives every package its floor. An import goes to a strictly lower
// floor; what stands beside the house (-1) serves tests and cmd/targo-sim only.
// A folder inside a package's folder is a room of that package: it has the same
// floor, and only its own package and the rooms beside it enter it.
var floors = map[string]int{
	"hub": 0, "hub/glance": 0, "hub/qr": 0, "hub/ident": 0, "hub/barcode": 0, "hub/roads": 0, "config": 0,

	"connectors": 1, "hub/web": 1, "hub/keep": 1, "hub/charge": 1, "hub/photo": 1, "hub/seats": 1,

	"erpnext": 2, "connectors/docuseal": 2, "connectors/twilio": 2, "connectors/mailjet": 2,
	"connectors/gemini": 2, "connectors/authentik": 2, "connectors/stripe": 2, "connectors/traccar": 2, "connectors/standardwebhooks": 2,
	"connectors/osrm": 2, "connectors/mapbox": 2, "connectors/tiles": 2, "hub/saga": 2,
	"hub/access": 2, "hub/inbox": 2, "hub/live": 2, "hub/outbox": 2, "hub/keep/sqlite": 2, "hub/keep/redis": 2, "hub/schedule": 2, "hub/audit": 2,

	"hub/gateway": 3, "hub/mirror": 3, "hub/accept": 3, "hub/dispatch": 3, "webhooks": 3,
	"hub/signing": 3, "hub/conversation": 3, "hub/consent": 3, "hub/contract": 3, "hub/billing": 3, "hub/magiclink": 3, "hub/field": 3, "hub/vision": 3, "hub/device": 3, "hub/tracking": 3,

	"cmd/targo-hub": 4, "cmd/targo-sim": 4,

	"simkit": -1, "testdata": -1, "hub/hubtest": -1, "hub/inbox/inboxtest": -1, "hub/keep/redis/redistest": -1, "hub/keep/keeptest": -1, "connectors/connectorstest": -1, "erpnext/erpnexttest": -1,
	"erpnext/erpnextsim": -1, "connectors/docuseal/docusealsim": -1,
	"connectors/twilio/twiliosim": -1, "connectors/mailjet/mailjetsim": -1, "connectors/gemini/geminisim": -1, "connectors/authentik/authentiksim": -1,
	"hub/barcode/labelpress": -1, "connectors/traccar/traccarsim": -1, "connectors/osrm/osrmsim": -1, "connectors/mapbox/mapboxsim": -1, "connectors/tiles/tilesim": -1, "hub/roads/roadstest": -1,
}

// fences name the only packages (by prefix) that may import an SDK.
var fences = map[string][]string{
	"github.com/labstack/echo/":            {"hub/web", "hub/access", "hub/accept", "hub/gateway", "hub/live", "hub/outbox", "hub/inbox", "hub/audit", "hub/billing", "hub/magiclink", "hub/field", "hub/vision", "hub/tracking"},
	"github.com/danielgtaylor/huma/":       {"hub/web"},
	"github.com/twilio/twilio-go":          {"connectors/twilio"},
	"github.com/mailjet/":                  {"connectors/mailjet"},
	"github.com/go-resty/resty/":           {"connectors", "erpnext"},
	"github.com/failsafe-go/":              {"connectors"},
	"github.com/golang-jwt/jwt/":           {"hub/access", "connectors/authentik"},
	"github.com/MicahParks/":               {"connectors/authentik"},
	"google.golang.org/genai":              {"connectors/gemini"},
	"github.com/makiuchi-d/gozxing":        {"hub/barcode"},
	"github.com/playwright-community/":     {"cmd/targo-hub"},
	"github.com/standard-webhooks/":        {"connectors/standardwebhooks"},
	"github.com/redis/go-redis/":           {"hub/keep"},
	"modernc.org/sqlite":                   {"hub/keep", "erpnext/erpnextsim"},
	"github.com/alecthomas/kong":           {"cmd"},
	"github.com/prometheus/client_golang/": {"connectors", "hub/keep", "hub/web", "hub/live", "hub/outbox", "hub/schedule", "hub/mirror", "hub/gateway", "hub/inbox", "hub/signing", "hub/charge", "hub/contract", "hub/vision", "hub/tracking", "cmd"},
	"github.com/coder/websocket":           {"connectors/traccar", "hub/tracking/stream"},
	"github.com/gobwas/ws":                 {"hub/tracking/stream"},
	"github.com/lxzan/gws":                 {"hub/tracking/stream"},
	"github.com/paulmach/orb":              {"hub/roads", "hub/tracking"},
	"github.com/robfig/cron/":              {"hub/schedule"},
	"github.com/go-playground/":            {},
	"github.com/stretchr/testify":          {},
}

type listed struct {
	ImportPath string
	Imports    []string
	TestImports,
	XTestImports []string
}

func TestImportsGoDown(t *testing.T) {
	t.Parallel()
	for _, p := range goList(t) {
		name := short(p.ImportPath)
		floor, known := floorOf(name)
		if !known {
			t.Errorf("package %s has no floor: think about where it stands and write it into floors", name)
			continue
		}
		for _, dep := range p.Imports {
			checkImport(t, name, floor, dep)
		}
		for _, dep := range append(p.TestImports, p.XTestImports...) {
			if strings.HasPrefix(dep, "github.com/stretchr/testify") {
				t.Errorf("%s tests import %s; the standard library and go-cmp are enough", name, dep)
			}
		}
	}
}

func checkImport(t *testing.T, name string, floor int, dep string) {
	t.Helper()
	if !strings.HasPrefix(dep, module) {
		checkFence(t, name, dep)
		return
	}
	to := short(dep)
	if beside(to) {
		if !beside(name) && house(name) != "cmd/targo-sim" {
			t.Errorf("%s imports %s, which only tests and cmd/targo-sim may", name, to)
		}
		return
	}
	if floor == -1 {
		if strings.HasPrefix(name, to+"/") && strings.HasSuffix(strings.Split(strings.TrimPrefix(name, to+"/"), "/")[0], "sim") {
			t.Errorf("simulator %s imports %s, which it imitates", name, to)
		}
		return
	}
	if home := house(name); to != home && house(to) == home {
		return // a room of one's own house
	}
	below, _ := floorOf(to)
	if below >= floor {
		t.Errorf("%s (floor %d) imports %s (floor %d): imports go down", name, floor, to, below)
	}
	if house(to) != to {
		t.Errorf("%s imports %s, a room of another package", name, to)
	}
}

// house is the package itself, or the one whose room it is.
func house(name string) string {
	for name != "" {
		if _, own := floors[name]; own {
			break
		}
		name = name[:max(strings.LastIndexByte(name, '/'), 0)]
	}
	return name
}

// floorOf finds the floor of a package, or of the package whose room it is.
func floorOf(name string) (floor int, known bool) {
	if beside(name) {
		return -1, true
	}
	floor, known = floors[house(name)]
	return floor, known
}

func checkFence(t *testing.T, name, dep string) {
	t.Helper()
	for sdk, allowed := range fences {
		if !strings.HasPrefix(dep, sdk) {
			continue
		}
		if !slices.ContainsFunc(allowed, func(prefix string) bool { return name == prefix || strings.HasPrefix(name, prefix+"/") }) {
			t.Errorf("%s imports %s; only %v may", name, dep, allowed)
		}
	}
}

func TestBinaryLinksNoSimulator(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", module+"/cmd/targo-hub").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		dep, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(dep, module+"/") && beside(short(dep)) {
			t.Errorf("the production binary links %s", dep)
		}
		// Google's SDK brings its own replay client, and with it testing.
		if dep != "google.golang.org/genai" && slices.Contains(strings.Fields(imports), "testing") {
			t.Errorf("the production binary links testing, by %s", dep)
		}
	}
}

// beside tells whether a package stands beside the house: simulators, fixtures,
// conformance suites, and their rooms.
func beside(name string) bool {
	for ; name != ""; name = name[:max(strings.LastIndexByte(name, '/'), 0)] {
		if floor, known := floors[name]; known {
			return floor == -1
		}
		if strings.HasSuffix(name, "sim") {
			return true
		}
	}
	return false
}

func short(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
}

func goList(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", module+"/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
