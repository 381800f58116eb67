package main

import (
	"fmt"
	"net/url"
	"time"
)

// trackingProbes asks where the trucks are, in every way that there is. What a code
// opens is asked with one that leads nowhere.
func trackingProbes(a aims) map[string][]attempt {
	now := time.Now().UTC()
	day := url.Values{"technician": {a.tech}, "from": {now.Add(-time.Hour).Format(time.RFC3339)}, "to": {now.Format(time.RFC3339)}}
	code := "/track/" + fmt.Sprintf("%022d", 0)
	return map[string][]attempt{
		"GET /gps/positions":             {{}, {path: "/gps/positions?all=1"}},
		"GET /gps/stream":                {{}},
		"GET /gps/ws":                    {{}},
		"GET /gps/history":               {{path: "/gps/history?" + day.Encode()}},
		"GET /gps/jobs/{job}":            {{path: "/gps/jobs/" + a.mine}},
		"POST /track/{job}":              {{path: "/track/" + a.mine, body: m{}}},
		"GET /track/{code}":              {{path: code}},
		"GET /track/{code}/state":        {{path: code + "/state"}},
		"GET /track/{code}/photo":        {{path: code + "/photo"}},
		"GET /track/assets/{file}":       {{path: "/track/assets/none.css"}},
		"GET /track/leaflet/{version}/*": {{path: "/track/leaflet/none/leaflet.js"}},
		"GET /tiles/{z}/{x}/{y}":         {{path: "/tiles/12/1206/1467"}},
		"GET /console/map":               {{}},
		"GET /console/map/assets/{file}": {{path: "/console/map/assets/none.css"}},
	}
}
