package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-sim/entrance"
	"gigafibre.ca/targo-hub/cmd/targo-sim/town"
	"gigafibre.ca/targo-hub/cmd/targo-sim/town/streets"
	"gigafibre.ca/targo-hub/cmd/targo-sim/town/tour"
	"gigafibre.ca/targo-hub/cmd/targo-sim/trucks"
	"gigafibre.ca/targo-hub/connectors/tiles/tilesim"
	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim"
	"gigafibre.ca/targo-hub/simkit"
)

// reportEach is the pause between two positions of a truck.
const reportEach = 3 * time.Second

// serveTrucks starts Traccar, the map behind the trucks, and the way in for those
// who look at it; then the trucks drive.
func (w *world) serveTrucks(ports []*simkit.Server, s secrets) error {
	door, err := entrance.New(entrance.Options{Hub: w.at.hub, Authentik: w.at.authentik, Client: w.client})
	if err != nil {
		return fmt.Errorf("opening the staff's entrance: %w", err)
	}
	trackers := traccarsim.New(traccarsim.Options{
		Token: s.traccarToken, Devices: devices(), Tick: time.Second,
		Forward: traccarsim.Forward{URL: w.at.hub + "/webhooks/traccar", EventURL: w.at.hub + "/webhooks/traccar", Secret: s.traccarHook},
	})
	paper := tilesim.New(drawing(s.tilesKey))
	ports[entrancePort].Serve(door)
	ports[traccarPort].Serve(trackers)
	ports[tilesPort].Serve(paper)
	stop := w.drive(trackers, s)
	w.closers = append(w.closers, func() error {
		stop()
		trackers.Close()
		paper.Close()
		return nil
	})
	return nil
}

func devices() (list []traccarsim.Device) {
	for _, d := range town.Devices() {
		list = append(list, traccarsim.Device{ID: d.ID, UniqueID: d.UniqueID, Name: d.Name, Category: "van", Contact: d.Technician})
	}
	return list
}

// drawing is the town as its map shows it.
func drawing(key string) tilesim.Options {
	o := tilesim.Options{Key: key, MaxAge: time.Hour}
	for _, line := range town.Streets().Lines() {
		o.Lines = append(o.Lines, tilesim.Line{Kind: line.Kind, Points: pairs(line.Points)})
	}
	names := town.Names()
	for name, at := range names {
		o.Names = append(o.Names, tilesim.Name{Text: name, Lat: at.Lat, Lon: at.Lon})
	}
	slices.SortFunc(o.Names, func(a, b tilesim.Name) int { return strings.Compare(a.Text, b.Text) })
	return o
}

func pairs(points []streets.Point) [][2]float64 {
	list := make([][2]float64, len(points))
	for i, p := range points {
		list[i] = [2]float64{p.Lat, p.Lon}
	}
	return list
}

// drive has the trucks drive until stop; each has reported once before. The telephone
// says no more than that: only what its owner makes it say.
func (w *world) drive(trackers *traccarsim.Sim, s secrets) (stop func()) {
	laid := town.Streets()
	o := trucks.Options{
		Driver: func(device int64, way []streets.Point, kmh float64) error {
			return trackers.Drive(traccarsim.Trip{Device: device, Line: pairs(way), Kmh: kmh, Every: reportEach})
		},
		Streets: laid,
		Tour:    trucks.Tour{Legs: w.town.Tour(), Hub: w.at.hub, Auth: "Bearer " + s.staff, Client: w.client},
	}
	for i, d := range town.Devices() {
		here, kmh := laid.House(i, town.Home), 0.0
		switch {
		case d.Technician == tour.Technician:
			o.Tour.Device, here, kmh = d.ID, o.Tour.Legs[0].Way[0], tour.Kmh
		case d.UniqueID != town.Phone:
			o.Patrols = append(o.Patrols, trucks.Patrol{Device: d.ID, From: here, Places: []int{i, (i + 1) % 5, (i + 3) % 5}})
		}
		_ = trackers.Move(traccarsim.Fix{Device: d.ID, Lat: here.Lat, Lon: here.Lon, SpeedKmh: kmh, Accuracy: 12, Battery: 64}) // it is one of them
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{}, 2)
	go func() { trackers.Run(ctx); ended <- struct{}{} }()
	go func() { trucks.Run(ctx, o); ended <- struct{}{} }()
	return func() { cancel(); <-ended; <-ended }
}

// watchTruck has the hub make the link of the customer whom a truck is on its way to.
// A demo without it is still one.
func (w *world) watchTruck(ctx context.Context) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.at.hub+"/track/"+url.PathEscape(w.setting("TARGO_DEMO_TRACK_JOB")), strings.NewReader("{}"))
	if err != nil {
		return
	}
	r.Header.Set("Authorization", "Bearer "+w.setting("TARGO_DEMO_STAFF_TOKEN"))
	r.Header.Set("Content-Type", "application/json")
	res, err := w.client.Do(r)
	if err != nil {
		return
	}
	defer func() { _ = res.Body.Close() }()
	var made struct{ URL string }
	if json.NewDecoder(res.Body).Decode(&made) == nil && made.URL != "" {
		w.settings = append(w.settings, setting{"TARGO_DEMO_TRACK_LINK", made.URL})
	}
}
