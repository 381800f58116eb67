package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// command runs a command of the program and returns all that it printed.
func command(t *testing.T, environ []string, args ...string) (code int, printed string) {
	t.Helper()
	var out bytes.Buffer
	code = run(t.Context(), args, environ, &out, &out)
	return code, out.String()
}

// TestCheck breaks the world in one way after the other; check names the part
// and what is wrong, shows no secret, and fails.
func TestCheck(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		upset func(*testing.T, *town)
		env   []string
		code  int
		says  []string
	}{
		"all is well": {code: 0, says: []string{"ok    erpnext", "ok    docuseal", "ok    twilio", "ok    mailjet", "mode capture"}},
		"a field is missing": {
			upset: func(t *testing.T, w *town) { dropField(t, w, "Quotation", "custom_docuseal_envelope_id") },
			code:  1, says: []string{"FAIL  erpnext", "Quotation", "custom_docuseal_envelope_id"},
		},
		"a field of an own doctype is missing": {
			upset: func(t *testing.T, w *town) { dropField(t, w, "Dispatch Job", "assigned_group") },
			code:  1, says: []string{"FAIL  erpnext", "Dispatch Job", "assigned_group"},
		},
		"ERPNext's secret is wrong": {
			env: []string{"TARGO_ERPNEXT_API_SECRET=not-the-secret"}, code: 1, says: []string{"FAIL  erpnext", "API"},
		},
		"ERPNext is away": {
			env: []string{"TARGO_ERPNEXT_URL=http://127.0.0.1:1"}, code: 1, says: []string{"FAIL  erpnext"},
		},
		"DocuSeal's token is wrong": {
			env: []string{"TARGO_DOCUSEAL_TOKEN=not-the-token"}, code: 1, says: []string{"FAIL  docuseal", "TARGO_DOCUSEAL_TOKEN"},
		},
		"a template does not exist": {
			env: []string{"TARGO_DOCUSEAL_TEMPLATE_PROJECT=77"}, code: 1, says: []string{"FAIL  docuseal", "template 77"},
		},
		"Twilio's token is wrong": {
			env: []string{"TARGO_TWILIO_AUTH_TOKEN=notthetoken"}, code: 1, says: []string{"FAIL  twilio", "refuses"},
		},
		"three mistakes in the settings": {
			env:  []string{"TARGO_FOO=1", "TARGO_LOG_LEVEL=loud", "TARGO_STATE=redis://127.0.0.1"},
			code: 1, says: []string{"TARGO_FOO", "TARGO_LOG_LEVEL", "TARGO_STATE", "3 problems"},
		},
		"live without acknowledgement": {
			env: []string{"TARGO_OUTBOX_MODE=live"}, code: 1, says: []string{"FAIL  outbox", "TARGO_OUTBOX_LIVE_ACK"},
		},
	} {
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
	id, _, _ := strings.Cut(list, " ")
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
	if code, _ := command(t, environ, "backup", copied); code != 1 {
		t.Error("backup overwrote a file")
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
	if code, _ := command(t, nil, "no-such-command"); code != 2 {
		t.Error("an unknown command is not a mistake of usage")
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
