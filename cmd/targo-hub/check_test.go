package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// command runs a command of the program and returns all that it printed.
func command(t *testing.T, environ []string, args ...string) (code int, printed string) {
	t.Helper()
	var out bytes.Buffer
	code = run(t.Context(), args, environ, &out, &out)
	return code, out.String()
}

// checked is a way in which the world is broken, and what check says of it.
type checked struct {
	upset func(*testing.T, *town)
	env   []string
	code  int
	says  []string
}

func waysToBreak() map[string]checked {
	return map[string]checked{
		"all is well": {code: 0, says: []string{"ok    erpnext", "ok    docuseal", "ok    twilio", "ok    mailjet", "mode capture"}},
		"a field is missing": {
			upset: func(t *testing.T, w *town) { dropField(t, w, "Quotation", "custom_docuseal_envelope_id") },
			code:  1, says: []string{"FAIL  erpnext", "Quotation", "custom_docuseal_envelope_id", "\n1 problem\n"},
		},
		"a field of an own doctype is missing": {
			upset: func(t *testing.T, w *town) { dropField(t, w, "Dispatch Job", "assigned_group") },
			code:  1, says: []string{"FAIL  erpnext", "Dispatch Job", "assigned_group"},
		},
		"an account is missing": {
			env: []string{"TARGO_CONTRACT_TVQ_ACCOUNT=TVQ 2 - T"}, code: 1, says: []string{"FAIL  books     Account TVQ 2 - T", "\n1 problem\n"},
		},
		"ERPNext's secret is wrong": {
			env: []string{"TARGO_ERPNEXT_API_SECRET=not-the-secret"}, code: 1, says: []string{"FAIL  erpnext", "API"},
		},
		"ERPNext is away": {
			env: []string{"TARGO_ERPNEXT_URL=http://127.0.0.1:1"}, code: 1, says: []string{"FAIL  erpnext   ERPNext cannot be reached."},
		},
		"DocuSeal's token is wrong": {
			env: []string{"TARGO_DOCUSEAL_TOKEN=not-the-token"}, code: 1, says: []string{"FAIL  docuseal", "TARGO_DOCUSEAL_TOKEN"},
		},
		"a template does not exist": {
			env: []string{"TARGO_DOCUSEAL_TEMPLATE_PROJECT=77"}, code: 1, says: []string{"FAIL  docuseal", "template 77 (TARGO_DOCUSEAL_TEMPLATE_PROJECT) is unknown to DocuSeal"},
		},
		"Twilio's token is wrong": {
			env: []string{"TARGO_TWILIO_AUTH_TOKEN=notthetoken"}, code: 1, says: []string{"FAIL  twilio", "Twilio refuses TARGO_TWILIO_AUTH_TOKEN for the account AC"},
		},
		"Mailjet's secret is wrong": {
			env: []string{"TARGO_MAILJET_API_SECRET=not-the-secret"}, code: 1, says: []string{"FAIL  mailjet", "Mailjet refuses TARGO_MAILJET_API_KEY"},
		},
		"Twilio is away": {
			env: []string{"TARGO_TWILIO_BASE_URL=http://127.0.0.1:1"}, code: 1,
			says: []string{"FAIL  twilio    Twilio cannot be reached at http://127.0.0.1:1: connection refused"},
		},
		"the folder of the store is missing": {
			env: []string{"TARGO_STATE=sqlite:/nowhere/at/all/hub.db"}, code: 1, says: []string{"FAIL  store     the folder /nowhere/at/all does not exist (TARGO_STATE)"},
		},
		"three mistakes in the settings": {
			env:  []string{"TARGO_FOO=1", "TARGO_LOG_LEVEL=loud", "TARGO_STATE=mysql://127.0.0.1"},
			code: 1, says: []string{"TARGO_FOO", "TARGO_LOG_LEVEL", "TARGO_STATE", "3 problems"},
		},
		"live without acknowledgement": {
			env: []string{"TARGO_OUTBOX_MODE=live"}, code: 1, says: []string{"FAIL  settings  TARGO_OUTBOX_LIVE_ACK", "\n1 problem\n"},
		},
		"nobody to redirect to, and more": {
			env: []string{"TARGO_OUTBOX_MODE=redirect", "TARGO_OUTBOX_ALLOW=@", "TARGO_LOG_LEVEL=loud"}, code: 1,
			says: []string{"FAIL  settings  TARGO_OUTBOX_REDIRECT_TO", "TARGO_OUTBOX_ALLOW", "TARGO_LOG_LEVEL", "3 problems"},
		},
	}
}

// TestCheck breaks the world in one way after the other; check names the part
// and what is wrong, shows no secret, and fails.
func TestCheck(t *testing.T) {
	t.Parallel()
	for name, tc := range waysToBreak() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			if tc.upset != nil {
				tc.upset(t, w)
			}
			code, printed := command(t, overridden(w.environ(), tc.env), "check")
			if code != tc.code {
				t.Errorf("exit code %d, want %d:\n%s", code, tc.code, printed)
			}
			for _, words := range tc.says {
				if !strings.Contains(printed, words) {
					t.Errorf("%q is not said:\n%s", words, printed)
				}
			}
			for _, secret := range []string{erpSecret, sealSecret, "not-the-secret", "not-the-token", "notthetoken", "twiliosimtoken"} {
				if strings.Contains(printed, secret) {
					t.Errorf("a secret is printed:\n%s", printed)
				}
			}
		})
	}
}

func dropField(t *testing.T, w *town, doctype, field string) {
	t.Helper()
	if err := w.site.DropField(doctype, field); err != nil {
		t.Fatal(err)
	}
}

// overridden replaces variables: a doubled name would be ambiguous.
func overridden(environ, more []string) []string {
	var out []string
	for _, line := range environ {
		name, _, _ := strings.Cut(line, "=")
		if valueOf(more, name) == "" {
			out = append(out, line)
		}
	}
	return append(out, more...)
}

// TestOperatorsCommands looks into the inbox of a running hub, copies its store
// and prints its settings.
func TestOperatorsCommands(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	environ := w.environ()
	h := w.startWith(t, environ)
	form := w.signed(t, h)
	if status := h.deliver(t, form.body); status != 200 {
		t.Fatalf("the delivery was answered %d", status)
	}
	h.awaitAccepted(t, form.quotation)

	code, list := command(t, environ, "inbox", "list")
	if code != 0 || !strings.Contains(list, "docuseal") || !strings.Contains(list, "acceptance") {
		t.Errorf("inbox list: code %d:\n%s", code, list)
	}
	header, rows, _ := strings.Cut(list, "\n")
	if !strings.HasPrefix(header, "ID ") || !strings.Contains(rows, time.Now().Format(" MST ")) {
		t.Errorf("inbox list has no header or no zone:\n%s", list)
	}
	id, _, _ := strings.Cut(rows, " ")
	if code, shown := command(t, environ, "inbox", "show", id); code != 0 || !strings.Contains(shown, id) {
		t.Errorf("inbox show: code %d:\n%s", code, shown)
	}
	if code, said := command(t, environ, "inbox", "show", "no-such-id"); code != 1 || !strings.Contains(said, "404") {
		t.Errorf("inbox show of nothing: code %d: %s", code, said)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if code, said := command(t, environ, "backup", copied); code != 0 {
		t.Fatalf("backup: code %d: %s", code, said)
	}
	if code, said := command(t, environ, "backup", copied); code != 1 || !strings.Contains(said, "exists already; choose another name") {
		t.Errorf("backup onto a file: code %d: %s", code, said)
	}
	if code, said := command(t, environ, "serve"); code != 1 || strings.Count(said, "another targo-hub runs on this file") != 1 {
		t.Errorf("a second hub: code %d: %s", code, said)
	}
	if code, said := command(t, environ, "check", "--ready"); code != 0 || said != "ready\n" {
		t.Errorf("check --ready: code %d: %s", code, said)
	}
	h.stop()
	if code, _ := command(t, environ, "check", "--ready"); code != 1 {
		t.Error("a hub that does not run is ready")
	}
	checkCopy(t, environ, copied, form.quotation)

	code, values := command(t, environ, "settings", "--values")
	if code != 0 || strings.Contains(values, erpSecret) || strings.Contains(values, sealSecret) || !strings.Contains(values, "[secret]") {
		t.Errorf("settings --values: code %d:\n%s", code, values)
	}
}

// TestCommandLine: what a newcomer types first is answered with what to do next.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	state := "TARGO_STATE=sqlite:" + filepath.Join(t.TempDir(), "hub.db")
	for name, tc := range map[string]struct {
		args, environ []string
		code          int
		says          string
	}{
		"nothing":            {nil, nil, 0, "Usage: targo-hub <command>"},
		"an unknown command": {[]string{"no-such-command"}, nil, 2, "no-such-command"},
		"--version":          {[]string{"--version"}, nil, 0, "targo-hub dev (none)\n"},
		"token without keys": {[]string{"token", "staff", "ann"}, nil, 1, "openssl rand -base64 32"},
		"inbox without keys": {[]string{"inbox", "list"}, nil, 1, "TARGO_ACCESS_KEYS"},
		"no settings file":   {[]string{"--config", "/nowhere/hub.yaml", "check"}, nil, 1, "/nowhere/hub.yaml: cannot read the file"},
		"values of a wrong gate": {[]string{"settings", "--values"}, []string{"TARGO_OUTBOX_MODE=open"}, 1,
			"TARGO_OUTBOX_MODE (outbox.mode): is none of capture, redirect, allowlist, live"},
		"no folder":     {[]string{"serve"}, []string{"TARGO_STATE=sqlite:/nowhere/hub.db"}, 1, "the folder /nowhere does not exist (TARGO_STATE)"},
		"port in use":   {[]string{"serve"}, []string{state, "TARGO_METRICS_LISTEN=off", "TARGO_LISTEN=" + taken.Addr().String()}, 1, "listening (TARGO_LISTEN)"},
		"parts off":     {[]string{"serve"}, []string{state + "2", "TARGO_METRICS_LISTEN=off", "TARGO_LISTEN=" + taken.Addr().String()}, 1, `"switched_on_by":"TARGO_ERPNEXT_URL"`},
		"a slip":        {[]string{"check"}, []string{"TARGO_LISSEN=x"}, 1, "did you mean TARGO_LISTEN?"},
		"nothing alike": {[]string{"check"}, []string{"TARGO_PORT=3300"}, 1, "TARGO_PORT: unknown variable\n"},
		"backup of none": {[]string{"backup", "/nowhere/copy.db"}, []string{"TARGO_STATE=sqlite:/nowhere/hub.db"}, 1,
			"there is no store at /nowhere/hub.db"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if code, said := command(t, tc.environ, tc.args...); code != tc.code || !strings.Contains(said, tc.says) {
				t.Errorf("code %d, want %d and %q:\n%s", code, tc.code, tc.says, said)
			}
		})
	}
}

// checkCopy starts a hub on the copy and finds the acceptance in it.
func checkCopy(t *testing.T, environ []string, copied, quotation string) {
	t.Helper()
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v, error %v", info, err)
	}
	w := &town{}
	h := w.startWith(t, overridden(environ, []string{"TARGO_STATE=sqlite:" + copied}))
	h.awaitAccepted(t, quotation)
}

// TestLiveNeedsItsAcknowledgement: one wrong variable must not write to people.
func TestLiveNeedsItsAcknowledgement(t *testing.T) {
	t.Parallel()
	for name, ack := range map[string]string{"missing": "", "another host": "hub.example.org", "with scheme": "https://hub.example.com"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			environ := w.environ("TARGO_PUBLIC_URL=https://hub.example.com", "TARGO_OUTBOX_MODE=live", "TARGO_OUTBOX_LIVE_ACK="+ack)
			code, said := command(t, environ, "serve")
			if code != 1 || !strings.Contains(said, "TARGO_OUTBOX_LIVE_ACK") {
				t.Errorf("code %d: %s", code, said)
			}
		})
	}
}
