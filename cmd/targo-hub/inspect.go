package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/webhooks"
)

type settingsCommand struct {
	Values   bool `help:"Print the value and origin of every setting; secrets stay hidden."`
	Markdown bool `help:"Print the list as a Markdown table."`
	Env      bool `help:"Print a file of variables to fill in, every one commented out."`
}

// Run prints the settings.
func (s settingsCommand) Run(c *console) error {
	if s.Values {
		return printValues(c)
	}
	if s.Markdown {
		return printMarkdown(c.out)
	}
	if s.Env {
		return printEnv(c.out)
	}
	w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	for _, set := range config.Describe(&Settings{}) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", set.Env, set.YAML, set.Type, cmp.Or(set.Default, "-"), set.Doc)
	}
	return w.Flush()
}

func printValues(c *console) error {
	loaded, err := config.Read(&Settings{}, c.environ, c.file, "TARGO_CONFIG")
	w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	for _, v := range loaded.Values() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", v.YAML, v.Text, cmp.Or(v.Origin, "not set"))
	}
	if flushed := w.Flush(); err == nil {
		err = flushed
	}
	return err
}

func printMarkdown(out io.Writer) error {
	fmt.Fprintln(out, "| variable | in the file | type | default | what it is |\n|---|---|---|---|---|")
	for _, set := range config.Describe(&Settings{}) {
		fallback := ""
		if set.Default != "" {
			fallback = "`" + set.Default + "`"
		}
		if _, err := fmt.Fprintf(out, "| `%s` | `%s` | %s | %s | %s |\n", set.Env, set.YAML, set.Type, fallback, strings.ReplaceAll(set.Doc, "|", `\|`)); err != nil {
			return err
		}
	}
	return nil
}

// printEnv prints what .env.example holds: a section is set apart by an empty
// line, a default stands where the value goes.
func printEnv(out io.Writer) error {
	fmt.Fprintln(out, `# The settings of targo-hub as variables. Copy this file to .env (mode 600, never committed), take away the # before
# what you set, and prove it with "targo-hub check". What stays commented out keeps its default; a part whose
# address or key is empty is off. compose.yaml sets TARGO_LISTEN itself, and TARGO_STATE when this file does not. Written by "targo-hub settings --env".`)
	section := "none"
	for _, set := range config.Describe(&Settings{}) {
		if set.Section != section {
			section = set.Section
			fmt.Fprintln(out)
		}
		about := set.Doc
		if set.Secret {
			about += " (secret; or " + set.Env + "_FILE names a file with it)"
		}
		if _, err := fmt.Fprintf(out, "# %s\n#%s=%s\n", about, set.Env, set.Default); err != nil {
			return err
		}
	}
	return nil
}

type routesCommand struct{}

// Run prints the routes of a hub with every part, without opening the store of a
// running one.
func (routesCommand) Run(c *console) error {
	dir, err := os.MkdirTemp("", "targo-routes-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	settings := &Settings{}
	if err := config.Load(settings, []string{"TARGO_STATE=sqlite:" + filepath.Join(dir, "routes.db"), "TARGO_METRICS_LISTEN=off"}, ""); err != nil {
		return err
	}
	h, err := build(c.ctx, settings, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer h.close()
	w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	for _, r := range h.server.Routes() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.Method, r.Path, r.Guard)
	}
	return w.Flush()
}

type schemaCommand struct {
	Webhooks bool `help:"Print the Webhook documents instead, with the address and the secret of the settings: ERPNext tells the hub of changes through them."`
}

// Run prints the fixtures for ERPNext, indented.
func (s schemaCommand) Run(c *console) error {
	enc := json.NewEncoder(c.out)
	enc.SetIndent("", " ")
	if s.Webhooks {
		settings, _, err := c.load()
		if err != nil {
			return err
		}
		secret := settings.ERPNext.WebhookSecret
		if secret.Empty() {
			return errors.New(`TARGO_ERPNEXT_WEBHOOK_SECRET is empty, so no webhook could be believed; make one with: openssl rand -hex 32`)
		}
		return enc.Encode(webhooks.ERPNextWebhooks(settings.Edge.Public(""), secret.Reveal(), settings.Mirror.Doctypes...))
	}
	raw, err := erpnext.Fixtures()
	if err != nil {
		return err
	}
	var docs []json.RawMessage
	if err := json.Unmarshal(raw, &docs); err != nil {
		return err
	}
	return enc.Encode(docs)
}

type backupCommand struct {
	To string `arg:"" type:"path" help:"File to write; it must not exist."`
}

// Run copies the store. The hub may run meanwhile.
func (b backupCommand) Run(c *console) error {
	settings, _, err := c.load()
	if err != nil {
		return err
	}
	place, err := settings.place()
	if err != nil {
		return err
	}
	if err := place.Backup(c.ctx, b.To); err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.out, "copied to", b.To)
	return err
}

type restoreCommand struct {
	From string `arg:"" type:"path" help:"Backup to put in the place of the store."`
}

// Run puts a backup in the place of the store. The hub must be stopped.
func (r restoreCommand) Run(c *console) error {
	settings, _, err := c.load()
	if err != nil {
		return err
	}
	place, err := settings.place()
	if err != nil {
		return err
	}
	said, err := place.Restore(c.ctx, r.From)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(c.out, said)
	return err
}
