// Command targo-sim plays the outside world of targo-hub on loopback: ERPNext
// with a town full of invented customers, DocuSeal, Twilio, Mailjet, Gemini and
// Authentik. Nothing it does leaves the machine.
//
// `targo-sim up` starts all of it and writes the TARGO_* variables that point a
// hub at it; with --hub it starts the hub too, which is what `make demo` does.
// A front page lists what there is to click. Ctrl-C or SIGTERM ends all of it.
//
// main.go has the command line, up.go and world.go start and stop the world,
// serve.go puts the simulators into it, env.go has its addresses and secrets,
// envfile.go the file that tells them, child.go the hub's process; front is the
// front page, town what ERPNext holds.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // Quebec's clock, also where the system has no zones

	"github.com/alecthomas/kong"
)

type commands struct {
	Up upCommand `cmd:"" help:"Start every simulator with a seeded town, until Ctrl-C."`
}

// console is what a command works with.
type console struct {
	ctx       context.Context
	out, errs io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program. It returns the exit code: 0 well, 1 something
// failed, 2 the command line was wrong.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	var cli commands
	exit := -1
	parser, err := kong.New(&cli, kong.Name("targo-sim"), kong.Description("The outside world of targo-hub, on loopback."),
		kong.Writers(out, errs), kong.Exit(func(code int) { exit = code }))
	if err != nil {
		fmt.Fprintln(errs, err)
		return 2
	}
	command, err := parser.Parse(args)
	if exit >= 0 {
		return exit
	}
	if err != nil {
		fmt.Fprintln(errs, "targo-sim:", err)
		return 2
	}
	if err := command.Run(&console{ctx: ctx, out: out, errs: errs}); err != nil {
		fmt.Fprintln(errs, "targo-sim:", err)
		return 1
	}
	return 0
}
