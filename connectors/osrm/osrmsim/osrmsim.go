// Package osrmsim imitates the table service of OSRM's HTTP API: streets are
// everywhere, 1.3 times as long as the crow's way, and driven at 50 km/h. Tests and
// the demo use it; the hub never links it.
//
// Route: GET /table/v1/{profile}/{coordinates} with sources, destinations and
// annotations, refused as OSRM does: 400 with a code and a message. Places off the
// land (further south than 40°) are far from any street (NoSegment); islands
// (Options.Islands) have streets, but no way leads there (null). Controls: those of
// simkit. It calls no system and remembers nothing.
package osrmsim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"gigafibre.ca/targo-hub/hub/roads/roadstest"
	"gigafibre.ca/targo-hub/simkit"
)

// Options say what the simulated server is like. The zero value works.
type Options struct {
	Profiles []string     // default driving
	Most     int          // places in one question; 100 when 0
	Islands  [][2]float64 // latitude and longitude
	Old      bool         // a release before 5.18: it knows no annotations
	Log      *slog.Logger
}

// Sim is a running server. It is an http.Handler, safe for concurrent use.
type Sim struct {
	opts    Options
	control *simkit.Control
	handler http.Handler
}

// New makes a server.
func New(opts Options) *Sim {
	if opts.Profiles == nil {
		opts.Profiles = []string{"driving"}
	}
	opts.Most = cmp.Or(opts.Most, 100)
	s := &Sim{opts: opts, control: simkit.New("osrm", opts.Log)}
	s.handler = s.control.Wrap(http.HandlerFunc(s.serve), func(w http.ResponseWriter, _ *http.Request, status int) {
		simkit.WriteJSON(w, status, map[string]string{"code": "InvalidUrl", "message": "fault"})
	})
	return s
}

// ServeHTTP answers as OSRM does, and serves the control API.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Control gives the faults and the state of this simulator.
func (s *Sim) Control() *simkit.Control { return s.control }

// Close ends what runs in the background.
func (s *Sim) Close() { s.control.Close() }

func (s *Sim) serve(w http.ResponseWriter, r *http.Request) {
	service, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	version, rest, _ := strings.Cut(rest, "/")
	profile, coordinates, found := strings.Cut(rest, "/")
	switch {
	case r.Method != http.MethodGet || !found || profile == "":
		refuse(w, "InvalidUrl", "URL string malformed close to position 1: \"/\"")
	case service != "table":
		refuse(w, "InvalidService", "Service "+service+" not found!")
	case version != "v1":
		refuse(w, "InvalidVersion", "Version "+version+" not found!")
	default:
		s.table(w, r, strings.TrimSuffix(coordinates, ".json"))
	}
}

func (s *Sim) table(w http.ResponseWriter, r *http.Request, coordinates string) {
	places, err := roadstest.Parse(coordinates)
	if err != nil {
		refuse(w, "InvalidQuery", "Query string malformed close to position 1")
		return
	}
	query, err := url.ParseQuery(strings.ReplaceAll(r.URL.RawQuery, ";", "%3B")) // OSRM takes both
	for name := range query {
		known := name == "sources" || name == "destinations" || name == "annotations" && !s.opts.Old
		if err != nil || !known {
			refuse(w, "InvalidQuery", "Query string malformed close to position 2")
			return
		}
	}
	sources, ok1 := roadstest.Indexes(query.Get("sources"), len(places))
	destinations, ok2 := roadstest.Indexes(query.Get("destinations"), len(places))
	switch {
	case !ok1 || !ok2 || len(places) < 2:
		refuse(w, "InvalidOptions", "Number of coordinates needs to be at least two.")
		return
	case len(places) > s.opts.Most:
		refuse(w, "TooBig", "Too many table coordinates")
		return
	}
	for i, p := range places {
		if p[1] < roadstest.South {
			refuse(w, "NoSegment", fmt.Sprintf("Could not find a matching segment for coordinate %d", i))
			return
		}
	}
	hint := map[string]any{"hint": "c2ltdWxhdGVk"}
	answer := map[string]any{"code": "Ok", "sources": roadstest.Waypoints(places, sources, hint), "destinations": roadstest.Waypoints(places, destinations, hint)}
	for _, what := range strings.Split(cmp.Or(query.Get("annotations"), "duration"), ",") {
		switch what {
		case "duration":
			answer["durations"] = roadstest.Table(places, sources, destinations, 50/3.6, s.opts.Islands)
		case "distance":
			answer["distances"] = roadstest.Table(places, sources, destinations, 1, s.opts.Islands)
		default:
			refuse(w, "InvalidValue", "annotations: "+what)
			return
		}
	}
	simkit.WriteJSON(w, http.StatusOK, answer)
}

func refuse(w http.ResponseWriter, code, message string) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{"code": code, "message": message})
}
