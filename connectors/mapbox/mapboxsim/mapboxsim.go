// Package mapboxsim imitates Mapbox's Matrix API: streets are everywhere, 1.3 times
// as long as the crow's way, and driven at 50 km/h, at 40 in the traffic. Tests and
// the demo use it; the hub never links it.
//
// Route: GET /directions-matrix/v1/mapbox/{profile}/{coordinates} with access_token,
// sources, destinations and annotations, and Mapbox's refusals: 401 and 403 with a
// message only, 404 ProfileNotFound, 422 InvalidInput, 429 with X-Rate-Limit-Reset,
// and NoSegment with a good status. Places off the land (further south than 40°) are far
// from any street; islands (Options.Islands) have streets, but no way leads there
// (null). Controls: those of simkit. It calls no system; it counts the elements that
// would be billed.
package mapboxsim

import (
	"cmp"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/hub/roads/roadstest"
	"gigafibre.ca/targo-hub/simkit"
)

// Options say what the simulated account is like. The zero value works.
type Options struct {
	Token   string       // default "mapbox-sim-token"
	Islands [][2]float64 // latitude and longitude
	Log     *slog.Logger
}

// Sim is a running API. It is an http.Handler, safe for concurrent use.
type Sim struct {
	opts    Options
	control *simkit.Control
	handler http.Handler

	mu       sync.Mutex
	elements int
}

// New makes an API.
func New(opts Options) *Sim {
	opts.Token = cmp.Or(opts.Token, "mapbox-sim-token")
	s := &Sim{opts: opts, control: simkit.New("mapbox", opts.Log)}
	s.control.State(func() any { return map[string]int{"elements": s.Elements()} })
	s.control.OnReset(func() { s.count(-s.Elements()) })
	mux := http.NewServeMux()
	mux.HandleFunc("GET /directions-matrix/v1/mapbox/{profile}/{coordinates}", s.matrix)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "", "Not Found") })
	s.handler = s.control.Wrap(s.keyed(mux), faulty)
	return s
}

// ServeHTTP answers as Mapbox does, and serves the control API.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Control gives the faults and the state of this simulator.
func (s *Sim) Control() *simkit.Control { return s.control }

// Close ends what runs in the background.
func (s *Sim) Close() { s.control.Close() }

// Elements is how many ways were told, and would be billed.
func (s *Sim) Elements() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.elements
}

func (s *Sim) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.elements += n
}

func faulty(w http.ResponseWriter, _ *http.Request, status int) {
	message := http.StatusText(status)
	if status == http.StatusTooManyRequests {
		w.Header().Set("X-Rate-Limit-Interval", "60")
		w.Header().Set("X-Rate-Limit-Limit", "60")
		w.Header().Set("X-Rate-Limit-Reset", strconv.FormatInt(time.Now().Add(time.Minute).Unix(), 10))
	}
	refuse(w, status, "", message)
}

func (s *Sim) keyed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("access_token") {
		case "":
			refuse(w, http.StatusUnauthorized, "", "Not Authorized - No Token")
		case s.opts.Token:
			next.ServeHTTP(w, r)
		default:
			refuse(w, http.StatusUnauthorized, "", "Not Authorized - Invalid Token")
		}
	})
}

func (s *Sim) matrix(w http.ResponseWriter, r *http.Request) {
	most, kmh := 25, 50.0
	switch r.PathValue("profile") {
	case "driving-traffic":
		most, kmh = 10, 40
	case "driving":
	default:
		refuse(w, http.StatusNotFound, "ProfileNotFound", "Profile not found")
		return
	}
	query := r.URL.Query()
	places, err := roadstest.Parse(strings.TrimSuffix(r.PathValue("coordinates"), ".json"))
	sources, ok1 := roadstest.Indexes(query.Get("sources"), len(places))
	destinations, ok2 := roadstest.Indexes(query.Get("destinations"), len(places))
	if err != nil || !ok1 || !ok2 || len(places) < 2 || len(places) > most {
		refuse(w, http.StatusUnprocessableEntity, "InvalidInput", "The coordinates, the sources or the destinations are not valid")
		return
	}
	for _, p := range places {
		if p[1] < roadstest.South {
			refuse(w, http.StatusOK, "NoSegment", "Could not find a matching segment")
			return
		}
	}
	answer := map[string]any{"code": "Ok", "sources": roadstest.Waypoints(places, sources, nil), "destinations": roadstest.Waypoints(places, destinations, nil)}
	for _, what := range strings.Split(cmp.Or(query.Get("annotations"), "duration"), ",") {
		switch what {
		case "duration":
			answer["durations"] = roadstest.Table(places, sources, destinations, kmh/3.6, s.opts.Islands)
		case "distance":
			answer["distances"] = roadstest.Table(places, sources, destinations, 1, s.opts.Islands)
		default:
			refuse(w, http.StatusUnprocessableEntity, "InvalidInput", "annotations is not valid")
			return
		}
	}
	s.count(len(sources) * len(destinations))
	simkit.WriteJSON(w, http.StatusOK, answer)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	body := map[string]string{"message": message}
	if code != "" {
		body["code"] = code
	}
	simkit.WriteJSON(w, status, body)
}
