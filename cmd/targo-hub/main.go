// Command targo-hub is the integration hub beside ERPNext.
//
// `targo-hub serve` runs it; the other commands help the operator. Settings come
// from TARGO_* variables and, when TARGO_CONFIG names one, a YAML file with the
// same tree. The README has the list; `targo-hub settings` prints it.
//
// main.go has the commands, settings.go all settings on one page, wire.go how
// the parts are put together, run.go how they start and stop.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	_ "time/tzdata" // Quebec's clock, also where the system has no zones

	"github.com/alecthomas/kong"
)

// Set by the linker.
var (
	version = "dev"
	commit  = "none"
	built   = ""
)

// commands is the whole command line.
type commands struct {
	Config string `help:"YAML file with settings; variables win over it." env:"TARGO_CONFIG" type:"path" placeholder:"FILE"`

	Release kong.VersionFlag `name:"version" help:"Print the version."`

	Serve    serveCommand    `cmd:"" help:"Run the hub."`
	Check    checkCommand    `cmd:"" help:"Check the settings, the store and every configured system; with --ready only whether the running hub is ready."`
	Settings settingsCommand `cmd:"" help:"Print the list of settings, or their values."`
	Routes   routesCommand   `cmd:"" help:"Print every route and who may enter."`
	Token    tokenCommand    `cmd:"" help:"Mint a token for a person of the staff, a customer or a technician."`
	Schema   schemaCommand   `cmd:"" help:"Print the doctypes and fields that ERPNext must have, as documents that a site can import."`
	Backup   backupCommand   `cmd:"" help:"Write a consistent copy of the store to a file while the hub runs."`
	Doctor   doctorCommand   `cmd:"" help:"Look at one part thoroughly."`
	Restore  restoreCommand  `cmd:"" help:"Put a backup in the place of the store while the hub is stopped; messages that may have left are held."`
	Inbox    inboxCommand    `cmd:"" help:"Look at what came in, and try again what was given up."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

// console is what a command works with.
type console struct {
	ctx     context.Context
	environ []string
	file    string
	out     io.Writer
	errs    io.Writer
}

// errProblems makes a command exit with 1 after it has said everything itself.
var errProblems = errors.New("problems were found")

// roomy is how much garbage the heap may hold, in percent of what lives. A hub
// has little that lives (a few MB), so the usual 100 collects very often while
// webhooks pour in; 400 collects a fifth as often and holds some 10 MB more then.
// It changes nothing about the start. An operator's GOGC wins.
const roomy = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(roomy)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// run is the whole program, so that tests start the real one. It returns the
// exit code: 0 well, 1 something failed, 2 the command line was wrong. Without
// arguments it prints the help, which is what --help does.
func run(ctx context.Context, args, environ []string, out, errs io.Writer) int {
	var cli commands
	exit := -1
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parser, err := kong.New(&cli, kong.Name("targo-hub"), kong.Description("The integration hub beside ERPNext. Settings come from TARGO_* variables; see targo-hub settings."),
		kong.Vars{"version": release()}, kong.Writers(out, errs), kong.Exit(func(code int) { exit = code }), kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(errs, err)
		return 2
	}
	command, err := parser.Parse(args)
	if exit >= 0 {
		return exit
	}
	if err != nil {
		fmt.Fprintln(errs, "targo-hub:", err)
		return 2
	}
	err = command.Run(&console{ctx: ctx, environ: environ, file: cli.Config, out: out, errs: errs})
	switch {
	case errors.Is(err, errProblems):
		return 1
	case err != nil:
		fmt.Fprintln(errs, "targo-hub:", err)
		return 1
	}
	return 0
}

type serveCommand struct{}

// Run starts the hub and returns when it has stopped.
func (serveCommand) Run(c *console) error {
	settings, warnings, err := c.load()
	if err != nil {
		return err
	}
	log := newLogger(c.errs, settings.LogLevel)
	for _, w := range warnings {
		log.Warn("setting noted", "warning", w)
	}
	return serve(c.ctx, settings, log)
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(c *console) error {
	_, err := fmt.Fprintln(c.out, release())
	return err
}

func release() string {
	return strings.TrimSpace(fmt.Sprintf("targo-hub %s (%s) %s", version, commit, built))
}
