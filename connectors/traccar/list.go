package traccar

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Device is what carries the tracker.
type Device struct {
	ID         int64
	UniqueID   string // what the tracker calls itself
	Name       string
	Status     string // online, offline, unknown; one that never reported is offline
	Category   string
	LastUpdate time.Time // when it was last heard of; zero when never
	PositionID int64     // of its latest position, 0 when there is none
	Disabled   bool
}

// Geofence is a place that Traccar knows.
type Geofence struct {
	ID          int64
	Name        string
	Description string
	Shape       string       // circle, polygon or line; "" when its area is of another form
	Points      [][2]float64 // latitude and longitude; of a circle its centre
	Radius      float64      // metres, of a circle
}

// Frame is what is heard at once.
type Frame struct {
	Snapshot  bool // Devices and Positions, each where it is not nil, are all there are
	Devices   []Device
	Positions []Position
	Events    []Event
	Dropped   int   // entries, or whole messages, that could not be read
	Trouble   error // a reading beside the live connection failed; that goes on
}

func (w wireDevice) device() Device {
	return Device{
		ID: w.ID, UniqueID: w.UniqueID, Name: w.Name, Status: w.Status, Category: w.Category,
		LastUpdate: time.Time(w.LastUpdate), PositionID: w.PositionID, Disabled: w.Disabled,
	}
}

func readDevice(raw json.RawMessage) (Device, error) {
	var w wireDevice
	if err := json.Unmarshal(raw, &w); err != nil {
		return Device{}, err
	}
	if w.ID <= 0 {
		return Device{}, errors.New("reading a device: it has no number")
	}
	return w.device(), nil
}

func readGeofence(raw json.RawMessage) (Geofence, error) {
	var w struct {
		ID          int64  `json:"id"`
		Name        string `json:"name"`
		Description string `json:"description"`
		Area        string `json:"area"`
	}
	if err := json.Unmarshal(raw, &w); err != nil {
		return Geofence{}, err
	}
	if w.ID <= 0 {
		return Geofence{}, errors.New("reading a geofence: it has no number")
	}
	g := Geofence{ID: w.ID, Name: w.Name, Description: w.Description}
	g.draw(w.Area)
	return g, nil
}

// draw reads an area: CIRCLE (lat lon, metres), POLYGON ((lat lon, …)) or
// LINESTRING (lat lon, …). The latitude stands first, other than in WKT.
func (g *Geofence) draw(area string) {
	form, rest, _ := strings.Cut(strings.TrimSpace(area), "(")
	shape := map[string]string{"CIRCLE": "circle", "POLYGON": "polygon", "LINESTRING": "line"}[strings.ToUpper(strings.TrimSpace(form))]
	parts := strings.Split(strings.Trim(rest, "() "), ",")
	var radius float64
	if shape == "circle" {
		if len(parts) != 2 {
			return
		}
		var err error
		if radius, err = strconv.ParseFloat(strings.TrimSpace(parts[1]), 64); err != nil || !(radius > 0) || math.IsInf(radius, 0) {
			return
		}
		parts = parts[:1]
	}
	var points [][2]float64
	for _, part := range parts {
		pair := strings.Fields(strings.Trim(part, "() "))
		if len(pair) != 2 {
			return
		}
		lat, err1 := strconv.ParseFloat(pair[0], 64)
		lon, err2 := strconv.ParseFloat(pair[1], 64)
		if err1 != nil || err2 != nil || !onEarth(lat, lon) {
			return
		}
		points = append(points, [2]float64{lat, lon})
	}
	if shape != "" {
		g.Shape, g.Points, g.Radius = shape, points, radius
	}
}

// onEarth is false for NaN too.
func onEarth(lat, lon float64) bool { return math.Abs(lat) <= 90 && math.Abs(lon) <= 180 }

func (f Frame) empty() bool {
	return f.Devices == nil && f.Positions == nil && f.Events == nil && f.Dropped == 0
}

// parse reads a message: an object with one of the lists, or with several.
func parse(text []byte) (Frame, error) {
	var sent struct {
		Devices   json.RawMessage `json:"devices"`
		Positions json.RawMessage `json:"positions"`
		Events    json.RawMessage `json:"events"`
	}
	err := json.Unmarshal(text, &sent)
	var f Frame
	var dropped [3]int
	if err == nil {
		f.Devices, dropped[0], err = each(sent.Devices, readDevice)
	}
	if err == nil {
		f.Positions, dropped[1], err = each(sent.Positions, readPosition)
	}
	if err == nil {
		f.Events, dropped[2], err = each(sent.Events, readEvent)
	}
	if err != nil {
		return Frame{}, errors.New("a message is not of the agreed form")
	}
	f.Dropped = dropped[0] + dropped[1] + dropped[2]
	return f, nil
}

var errNoList = errors.New("no list")

// each reads the entries of a list one by one, so that a bad one spoils no other and
// none is held twice, and tells how many were left out. What is missing or null is no
// list, but no mistake.
func each[T any](list json.RawMessage, read func(json.RawMessage) (T, error)) (all []T, dropped int, err error) {
	if len(list) == 0 || string(list) == "null" {
		return nil, 0, nil
	}
	entries := json.NewDecoder(bytes.NewReader(list))
	if begin, err := entries.Token(); err != nil || begin != json.Delim('[') {
		return nil, 0, errNoList
	}
	all = []T{}
	var raw json.RawMessage // of one after the other
	for entries.More() {
		if err := entries.Decode(&raw); err != nil {
			return nil, 0, errNoList
		}
		if one, err := read(raw); err == nil {
			all = append(all, one)
		} else {
			dropped++
		}
	}
	return all, dropped, nil
}

type wireDevice struct {
	ID         int64   `json:"id"`
	UniqueID   string  `json:"uniqueId"`
	Name       string  `json:"name"`
	Status     string  `json:"status"`
	Category   string  `json:"category"`
	LastUpdate instant `json:"lastUpdate"`
	PositionID int64   `json:"positionId"`
	Disabled   bool    `json:"disabled"`
}
