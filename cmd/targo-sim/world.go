package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-sim/town"
	"gigafibre.ca/targo-hub/simkit"
)

// world is everything that runs.
type world struct {
	dir      string
	own      bool // the folder is ours to remove
	at       addresses
	settings []setting
	client   *http.Client
	town     *town.Town
	hub      *child
	ports    []*simkit.Server
	closers  []func() error // what stands behind the ports
}

// The ports, counted from the base.
const (
	hubPort = iota
	frontPort
	erpnextPort
	docusealPort
	twilioPort
	mailjetPort
	metricsPort
	geminiPort
	authentikPort
	traccarPort
	tilesPort
	entrancePort
	portCount
)

// raise starts the simulators and the front page, and fills the town.
func raise(ctx context.Context, u upCommand) (w *world, err error) {
	w = &world{client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.end())
		}
	}()
	if err := w.makeDir(u.Dir); err != nil {
		return w, err
	}
	ports, err := w.takePorts(u.PortBase)
	if err != nil {
		return w, err
	}
	s, err := newSecrets(ctx)
	if err != nil {
		return w, err
	}
	w.settings = append(environment(w.at, s, w.dir), roads(w.at, s)...)
	if err := w.serveERPNext(ports[erpnextPort], s); err != nil {
		return w, err
	}
	technician, job := w.town.Round()
	day, err := s.day(ctx, w.at.hub, technician, job)
	if err != nil {
		return w, err
	}
	w.settings = append(w.settings, append(day, setting{"TARGO_DEMO_LABEL", w.at.front + "/labels/" + town.Labels()[0]},
		setting{"TARGO_DEMO_TRACK_JOB", w.town.Tour()[0].Job})...)
	w.serveConnectors(ports, s)
	if err := w.serveReaders(ports, s); err != nil {
		return w, err
	}
	if err := w.serveFront(ports[frontPort], s); err != nil {
		return w, err
	}
	if err := w.serveTrucks(ports, s); err != nil {
		return w, err
	}
	// The hub's own two ports were held until here so that nobody else got them.
	return w, errors.Join(ports[hubPort].Close(ctx), ports[metricsPort].Close(ctx))
}

func (w *world) makeDir(asked string) (err error) {
	if w.dir = asked; asked != "" {
		if w.dir, err = filepath.Abs(asked); err == nil {
			err = os.MkdirAll(w.dir, 0o755)
		}
	} else {
		w.dir, err = os.MkdirTemp("", "targo-sim-")
		w.own = err == nil
	}
	if err != nil {
		err = fmt.Errorf("making the folder for state: %w", err)
	}
	return err
}

// takePorts listens everywhere before anything is told an address.
func (w *world) takePorts(base int) ([]*simkit.Server, error) {
	ports := make([]*simkit.Server, portCount)
	for i := range ports {
		port := 0
		if base > 0 {
			port = base + i
		}
		s, err := simkit.Listen(port)
		if err != nil {
			return nil, err
		}
		ports[i] = s
		w.ports = append(w.ports, s)
	}
	w.at = addresses{
		hub: ports[hubPort].URL(), front: ports[frontPort].URL(), erpnext: ports[erpnextPort].URL(), docuseal: ports[docusealPort].URL(),
		twilio: ports[twilioPort].URL(), mailjet: ports[mailjetPort].URL(),
		gemini: ports[geminiPort].URL(), authentik: ports[authentikPort].URL(),
		traccar: ports[traccarPort].URL(), tiles: ports[tilesPort].URL(), entrance: ports[entrancePort].URL(),
		listen: fmt.Sprintf("127.0.0.1:%d", ports[hubPort].Port()), metrics: fmt.Sprintf("127.0.0.1:%d", ports[metricsPort].Port()),
	}
	return ports, nil
}

// closeSoon gives requests a moment, then cuts them: live streams never end by
// themselves. A port that was given to the hub is closed already.
func closeSoon(s *simkit.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.Close(ctx)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// end stops everything: the hub, then the ports, then what stood behind them;
// last it removes what was temporary.
func (w *world) end() error {
	var errs []error
	if w.hub != nil {
		errs = append(errs, w.hub.stop())
	}
	w.client.CloseIdleConnections()
	for _, port := range w.ports {
		errs = append(errs, closeSoon(port))
	}
	for _, each := range w.closers {
		errs = append(errs, each())
	}
	if w.own {
		errs = append(errs, os.RemoveAll(w.dir))
	}
	return errors.Join(errs...)
}
