// Package trucks lets the technicians of the simulated town work: most drive from
// house to house, one from visit to visit, and says at each what the app in his
// hand would say, so that the hub announces him, sees him arrive, and goes on.
//
// It calls the hub (POST /dispatch/job-status) and sends trackers off through its
// Driver. It remembers nothing.
package trucks

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-sim/town/streets"
	"gigafibre.ca/targo-hub/cmd/targo-sim/town/tour"
)

// Driver sends the tracker of a truck along a way; at its end the tracker stays and
// goes on reporting.
type Driver func(device int64, way []streets.Point, kmh float64) error

// Options say who drives where.
type Options struct {
	Driver  Driver
	Streets *streets.Map
	Tour    Tour
	Patrols []Patrol
	Pace    Pace
	Log     *slog.Logger
}

// Tour is the day of the technician whom customers watch.
type Tour struct {
	Device    int64
	Legs      []tour.Leg
	Hub, Auth string // address without a slash at the end, and Authorization
	Client    *http.Client
}

// Patrol is a truck that drives between the houses of some places.
type Patrol struct {
	Device int64
	From   streets.Point
	Places []int
}

// Pace is how long things take. The zero value is that of a demo.
type Pace struct {
	Door  time.Duration // from the end of the way until work begins; 1 min
	Work  time.Duration // 2 min
	Rest  time.Duration // between two ways of a patrol, at most; 50 s
	Again time.Duration // until a hub that does not answer is asked again; 3 s
}

func (p Pace) withDefaults() Pace {
	for each, usual := range map[*time.Duration]time.Duration{&p.Door: time.Minute, &p.Work: 2 * time.Minute, &p.Rest: 50 * time.Second, &p.Again: 3 * time.Second} {
		if *each <= 0 {
			*each = usual
		}
	}
	return p
}

// parking is how long it takes to stop.
const parking = 2 * time.Second

// Run has all of them drive until ctx ends.
func Run(ctx context.Context, o Options) {
	o.Pace = o.Pace.withDefaults()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	var all sync.WaitGroup
	for _, p := range o.Patrols {
		all.Go(func() { o.patrol(ctx, p) })
	}
	all.Go(func() { o.visits(ctx) })
	all.Wait()
}

// patrol drives from house to house.
func (o Options) patrol(ctx context.Context, p Patrol) {
	rng := rand.New(rand.NewPCG(uint64(p.Device), 7)) //nolint:gosec // not a secret
	for here := p.From; ctx.Err() == nil; {
		there := o.Streets.House(p.Places[rng.IntN(len(p.Places))], rng.IntN(48))
		way := o.Streets.Way(here, there)
		if way != nil {
			o.drive(ctx, p.Device, way, 40+20*rng.Float64())
			here = there
		}
		sleep(ctx, o.Pace.Rest/5+time.Duration(rng.Int64N(int64(o.Pace.Rest)*4/5)))
	}
}

// visits drives to each visit and does what there is to do. Somebody else may have
// moved a visit on in the meantime: then the hub refuses, and the next one follows.
func (o Options) visits(ctx context.Context) {
	var here streets.Point
	for i, leg := range o.Tour.Legs {
		if i > 0 && !o.say(ctx, leg.Job, "En Route") {
			continue
		}
		way, end := leg.Way, leg.Way[len(leg.Way)-1]
		if i > 0 && here != way[0] { // the visit before was left out
			way = o.Streets.Way(here, end)
		}
		o.drive(ctx, o.Tour.Device, way, tour.Kmh)
		here = end
		sleep(ctx, o.Pace.Door)
		if o.say(ctx, leg.Job, "In Progress") {
			sleep(ctx, o.Pace.Work)
			o.say(ctx, leg.Job, "Completed")
		}
	}
	if len(o.Tour.Legs) > 0 {
		o.patrol(ctx, Patrol{Device: o.Tour.Device, From: here, Places: []int{0, 1, 3, 4}})
	}
}

// drive sends a truck along a way and waits until it is there, or until ctx ends. Who
// resets the simulator, or drives himself, is not fought with.
func (o Options) drive(ctx context.Context, device int64, way []streets.Point, kmh float64) {
	if ctx.Err() != nil {
		return
	}
	if err := o.Driver(device, way, kmh); err != nil {
		o.Log.Info("a truck does not drive", "device", device, "err", err)
	}
	sleep(ctx, time.Duration(streets.Length(way)/1000/kmh*float64(time.Hour))+parking)
}

// say tells the hub what became of a visit, and again until it answers. It returns
// whether the hub agrees.
func (o Options) say(ctx context.Context, job, status string) bool {
	for ctx.Err() == nil {
		code, err := o.post(ctx, job, status)
		if err == nil && code < http.StatusInternalServerError {
			if code/100 != 2 {
				o.Log.Info("the hub refused a change of state", "job", job, "to", status, "status", code)
			}
			return code/100 == 2
		}
		sleep(ctx, o.Pace.Again)
	}
	return false
}

func (o Options) post(ctx context.Context, job, status string) (int, error) {
	body, err := json.Marshal(map[string]string{"job": job, "status": status})
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, o.Tour.Hub+"/dispatch/job-status", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", o.Tour.Auth)
	r.Header.Set("Content-Type", "application/json")
	res, err := o.Tour.Client.Do(r)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
