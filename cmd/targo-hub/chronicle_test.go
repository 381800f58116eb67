package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// chronicle is the file to which every hub of these tests writes its log, down to
// the last detail, in this process or in its own. What must not be in a log is
// looked for when all tests have ended.
var chronicle = sync.OnceValues(func() (*os.File, error) {
	return os.CreateTemp("", "targo-hub-test-log-")
})

// chronicled writes to the chronicle and to the test's own log.
func chronicled(t testing.TB, own io.Writer) io.Writer {
	t.Helper()
	file, err := chronicle()
	if err != nil {
		t.Fatal(err)
	}
	return io.MultiWriter(file, own)
}

// forbidden is what no log may show, with an example of each.
var forbidden = []struct {
	what    string
	is      *regexp.Regexp
	example string
}{
	{"a telephone number", regexp.MustCompile(`(?:514|450|500)\)?[ .-]?555[ .-]?\d{4}`), `"to":"+1 (514) 555-0123"`},
	{"a telephone number in a path", regexp.MustCompile(`(?:%2B|\+)1\d{10}\b`), `GET /messages?to=%2B14505550123`},
	{"a mail address", regexp.MustCompile(`[\w.+-](?:@|%40)(?:[\w-]+\.)*example\.(?:com|test|org|ca)`), `eve.t@example.com`},
	{"a token", regexp.MustCompile(`eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}`), `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0xx.c2lnbmF0dXJl`},
	{"a person", regexp.MustCompile(`Client \d{3}|Tremblay`), `Client 001`},
	{"a secret of the town", regexp.MustCompile(strings.Join([]string{
		erpSecret, sealSecret, serviceToken, "twiliosimtoken", "mailjetsimsecret", "mailjetsimkey", "townseal", redisPassword,
		regexp.QuoteMeta(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))[:30]),
	}, "|")), "token townkey:" + erpSecret},
	{"a secret, encoded", regexp.MustCompile(regexp.QuoteMeta(base64.StdEncoding.EncodeToString([]byte("AC00000000000000000000000000000000:twiliosimtoken"))[:40])),
		base64.StdEncoding.EncodeToString([]byte("AC00000000000000000000000000000000:twiliosimtoken"))},
}

// indiscreet names what a line of a log must not show, "" when it is clean.
func indiscreet(line string) string {
	for _, f := range forbidden {
		if f.is.MatchString(line) {
			return f.what
		}
	}
	return ""
}

// searchChronicle looks through all that was logged, and says what it found.
func searchChronicle(out io.Writer) (found int) {
	file, err := chronicle()
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	defer func() { _ = os.Remove(file.Name()) }()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewReaderSize(file, 1<<20)
	for n := 0; ; n++ {
		line, err := lines.ReadString('\n')
		if what := indiscreet(line); what != "" {
			if found++; found <= 5 {
				fmt.Fprintf(out, "a log shows %s: %s", what, line)
			}
		}
		if err != nil {
			fmt.Fprintf(out, "%d lines of logs were searched for secrets and people: %d show some\n", n, found)
			return found
		}
	}
}

// TestLogsAreSearched: the search finds what it must, and leaves alone what is
// masked or only looks like it.
func TestLogsAreSearched(t *testing.T) {
	t.Parallel()
	for _, f := range forbidden {
		if !f.is.MatchString(`{"level":"INFO","msg":"x","at":"` + f.example + `"}`) {
			t.Errorf("%s is not found: %s", f.what, f.example)
		}
	}
	for _, line := range []string{
		`{"to":"+1 514 •••-0123","mail":"e•••@example.com","id":"0198f3c2-5145-7550-8000-000000000000"}`,
		`{"msg":"request","path":"/accept/{token}","request_id":"5145-550"}`, `{"token":"[secret]"}`,
	} {
		if what := indiscreet(line); what != "" {
			t.Errorf("%s is taken for %s", line, what)
		}
	}
	w := newTown(t)
	h := w.start(t)
	h.stop()
	file, err := chronicle()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(file.Name())
	if err != nil || !strings.Contains(string(kept), `"level":"INFO"`) || !strings.Contains(string(kept), "hub stopped") {
		t.Errorf("the log of a hub is not kept: %d bytes, error %v", len(kept), err)
	}
}
