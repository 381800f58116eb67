package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"gigafibre.ca/targo-hub/cmd/targo-sim/town"
)

type upCommand struct {
	Env      string `help:"File that gets the TARGO_* variables, as KEY=value lines, and is removed at the end; its folder must exist." placeholder:"FILE" type:"path"`
	Hub      bool   `help:"Start the hub too."`
	HubBin   string `help:"The hub's program; default: targo-hub beside this one." placeholder:"PATH" type:"path"`
	PortBase int    `help:"Put everything on ports N to N+20; default: free ports." placeholder:"N"`
	Dir      string `help:"Folder for state and logs; default: a temporary one, removed at the end." placeholder:"DIR" type:"path"`
}

// Run starts the world and keeps it until the context ends or the hub does.
func (u *upCommand) Run(c *console) (err error) {
	binary, env := "", envFile(u.Env)
	if err := env.check(); err != nil {
		return err
	}
	if u.Hub {
		if binary, err = hubBinary(u.HubBin); err != nil {
			return err
		}
	}
	w, err := raise(c.ctx, *u)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.end()) }()
	if err := env.write(w.settings); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, env.remove(w.settings)) }()
	if u.Hub {
		if err := w.startHub(c.ctx, binary); err != nil {
			return err
		}
		w.watchTruck(c.ctx)
		if err := env.write(w.settings); err != nil {
			return err
		}
	}
	w.welcome(c.out, u)
	if w.hub == nil {
		<-c.ctx.Done()
		return nil
	}
	select {
	case <-c.ctx.Done():
		return nil
	case <-w.hub.ended:
		if c.ctx.Err() != nil { // it got the same Ctrl-C
			return nil
		}
		return fmt.Errorf("the hub has ended:\n%s", w.hub.lastWords())
	}
}

// startHub runs the hub in this world and waits until it is ready.
func (w *world) startHub(ctx context.Context, binary string) (err error) {
	if w.hub, err = startHub(binary, w.dir, w.settings); err != nil {
		return err
	}
	return w.hub.waitReady(ctx, w.client, w.at.hub)
}

// setting is the value of a line of the environment.
func (w *world) setting(key string) string {
	for _, s := range w.settings {
		if s.key == key {
			return s.value
		}
	}
	return ""
}

// welcome prints the links to open, each with a page behind it, and where the
// rest is.
func (w *world) welcome(out io.Writer, u *upCommand) {
	rows := [][2]string{{"Start here", w.at.front}, {"Documents", w.at.front + "/town/"}}
	if w.hub != nil {
		rows = append(rows, [2]string{"Hub's API", w.at.hub + "/docs"}, [2]string{"A day's work", w.setting("TARGO_DEMO_TECH_LINK")},
			[2]string{"Live map", w.setting("TARGO_DEMO_MAP_URL")}, [2]string{"Truck comes", w.setting("TARGO_DEMO_TRACK_LINK")})
	}
	rows = append(rows,
		[2]string{"Be a truck", w.at.traccar + "/?id=" + town.Phone + "&lat=45.1303&lon=-74.0121"},
		[2]string{"DocuSeal", w.at.docuseal + "/_sim/state"},
		[2]string{"SMS sent", w.at.twilio + "/_sim/sent"},
		[2]string{"Mail sent", w.at.mailjet + "/_sim/sent"},
		[2]string{"State", w.dir},
	)
	if w.hub != nil {
		rows = append(rows, [2]string{"Hub's log", w.hub.logPath})
	}
	if u.Env != "" {
		rows = append(rows, [2]string{"Environment", u.Env})
	}
	_, _ = fmt.Fprintln(out)
	for _, row := range rows {
		_, _ = fmt.Fprintf(out, "  %-12s %s\n", row[0], row[1])
	}
	if w.hub == nil {
		_, _ = fmt.Fprintf(out, "\n  The hub is not running; --hub starts it, or start your own with the environment.\n")
	}
	_, _ = fmt.Fprintf(out, "\n  Nothing leaves this machine. Ctrl-C ends all of it.\n\n")
}
