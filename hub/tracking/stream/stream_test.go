package stream_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/stream"
)

// each runs a test for both kinds of streams and both ways of serving them.
func each(t *testing.T, run func(t *testing.T, path string, how way)) {
	t.Helper()
	for name, how := range ways() {
		for _, path := range []string{"/gps/stream", "/gps/ws"} {
			t.Run(name+path, func(t *testing.T) {
				t.Parallel()
				run(t, path, how)
			})
		}
	}
}

func TestSnapshotThenWhatChanges(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, path string, how way) {
		known := []fix.Fix{at(1, 0), at(2, 0)}
		s := setup(t, stream.Options{All: func() []fix.Fix { return known }}, door{}, how)
		v := s.watch(path)
		first, _ := v.next()
		if first.Event != "snapshot" || len(first.Data.Items) != 2 {
			t.Fatalf("first came %+v", first)
		}
		s.hose.Publish([]fix.Fix{at(2, 5)})
		m, _ := v.next()
		if m.Event != "position" || len(m.Data.Items) != 1 || m.Data.Items[0].Device != 2 || m.Data.Items[0].Lat != 45.00005 {
			t.Errorf("then came %+v", m)
		}
	})
}

func TestHeadOfAStreamOfEvents(t *testing.T) {
	t.Parallel()
	for name, how := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, stream.Options{}, door{}, how)
			v := s.watch("/gps/stream", "Origin: https://ops.example.com", "X-Request-Id: seven")
			got := map[string]string{}
			for _, name := range []string{"Content-Type", "Cache-Control", "X-Accel-Buffering", "Content-Encoding", "Access-Control-Allow-Origin", "X-Request-Id", "X-Content-Type-Options"} {
				got[name] = v.head.Header.Get(name)
			}
			want := map[string]string{
				"Content-Type": "text/event-stream", "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no", "Content-Encoding": "",
				"Access-Control-Allow-Origin": "https://ops.example.com", "X-Request-Id": "seven", "X-Content-Type-Options": "nosniff",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(strings.Join(v.head.Header.Values("Vary"), ","), "Accept-Encoding") {
				t.Errorf("Vary: %v", v.head.Header["Vary"])
			}
			if text, err := v.body().ReadString('\n'); err != nil || text != "retry: 3000\n" {
				t.Errorf("the body begins with %q, %v", text, err)
			}
		})
	}
}

func TestChoices(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, path string, how way) {
		s := setup(t, stream.Options{All: func() []fix.Fix { return []fix.Fix{at(1, 0), at(2, 0), at(3, 0)} }}, door{}, how)
		repair, one, both := s.watch(path+"?group=Repair"), s.watch(path+"?technician=TECH-2"), s.watch(path+"?technician=TECH-2&group=Repair")
		for v, want := range map[*screen]int{repair: 2, one: 1, both: 0} {
			if m, _ := v.next(); m.Event != "snapshot" || len(m.Data.Items) != want {
				t.Errorf("got %+v, want %d", m, want)
			}
		}
		moved := at(3, 1)
		moved.Group = "Installation"
		s.hose.Publish([]fix.Fix{moved})
		if m, _ := repair.next(); m.Event != "snapshot" || len(m.Data.Items) != 1 {
			t.Errorf("after a device left the group came %+v", m)
		}
		nobodys := at(2, 1)
		nobodys.Technician = ""
		s.hose.Publish([]fix.Fix{nobodys})
		if m, _ := one.next(); m.Event != "snapshot" || len(m.Data.Items) != 0 {
			t.Errorf("after the device was nobody's came %+v", m)
		}
		all := s.watch(path)
		all.next()
		handed := at(1, 1)
		handed.Technician = "TECH-9"
		s.hose.Publish([]fix.Fix{handed})
		if m, _ := all.next(); m.Event != "snapshot" || len(m.Data.Items) != 2 {
			t.Errorf("after a device changed hands came %+v: a screen that goes by technicians shows TECH-1 for ever", m)
		}
	})
}

func TestCompressedEvents(t *testing.T) {
	t.Parallel()
	for name, how := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, stream.Options{All: func() []fix.Fix { return []fix.Fix{at(1, 0)} }}, door{}, how)
			v := s.watch("/gps/stream", "Accept-Encoding: br, gzip;q=0.8")
			if v.head.Header.Get("Content-Encoding") != "gzip" {
				t.Fatalf("head: %v", v.head.Header)
			}
			plain, err := gzip.NewReader(v.head.Body)
			if err != nil {
				t.Fatal(err)
			}
			v.head.Body = &chunks{v.head.Body, bufio.NewReader(plain)}
			for step := range 5 {
				s.hose.Publish([]fix.Fix{at(1, step), at(2, step)})
				v.until(func(shown map[int64]fix.View) bool { return shown[2].Lat == at(2, step).View(time.Now()).Lat })
			}
		})
	}
	s := setup(t, stream.Options{}, door{}, ways()["loops"])
	for accept, want := range map[string]string{"gzip": "gzip", "gzip;q=0": "", "identity": "", "GZIP , br": "gzip", "*": ""} {
		if got := s.watch("/gps/stream", "Accept-Encoding: "+accept).head.Header.Get("Content-Encoding"); got != want {
			t.Errorf("%q: %q, want %q", accept, got, want)
		}
	}
}

func TestCompressedMessages(t *testing.T) {
	t.Parallel()
	s := setup(t, stream.Options{All: func() []fix.Fix { return []fix.Fix{at(1, 0), at(3, 0), at(5, 0)} }}, door{}, ways()["loops"])
	for offer, want := range map[string]string{
		"permessage-deflate; client_max_window_bits":      "permessage-deflate;server_no_context_takeover;client_no_context_takeover",
		"permessage-deflate; server_max_window_bits=9":    "",
		"permessage-deflate; server_max_window_bits=nine": "",
		"x-webkit-deflate-frame":                          "",
	} {
		v := s.watch("/gps/ws", "Sec-WebSocket-Extensions: "+offer)
		if got := v.head.Header.Get("Sec-WebSocket-Extensions"); got != want {
			t.Errorf("%s: %q", offer, got)
		}
		f, err := readFrame(v.in)
		if err != nil {
			t.Fatal(err)
		}
		if f.Header.Rsv1() {
			tail := strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff")
			if f.Payload, err = io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(f.Payload), tail))); err != nil {
				t.Fatal(err)
			}
		}
		var m message
		if err := json.Unmarshal(f.Payload, &m); err != nil || len(m.Data.Items) != 3 || f.Header.Rsv1() != (want != "") {
			t.Errorf("%s: %s %v", offer, f.Payload, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := setup(t, stream.Options{Origins: []string{"https://hub.example.com/", "https://ops.example.com"}}, door{}, ways()["loops"])
	const cookie = "Cookie: session=ann"
	own := "Origin: " + s.server.URL
	for _, c := range []struct {
		path    string
		headers []string
		want    int
	}{
		{"/gps/stream?technician=" + strings.Repeat("x", 141), nil, 422},
		{"/gps/stream", []string{cookie, "Origin: https://evil.example"}, 200}, // the browser does not show it to the page
		{"/gps/ws", []string{"Origin: https://evil.example"}, 403},             // a proxy may have set Authorization
		{"/gps/ws", []string{cookie, "Origin: https://evil.example"}, 403},
		{"/gps/ws", []string{cookie, "Origin: null"}, 403},
		{"/gps/ws", []string{cookie, "Origin: https://hub.example.com"}, 101},
		{"/gps/ws", []string{cookie, "Origin: https://ops.example.com"}, 101},
		{"/gps/ws", []string{cookie, own}, 101},
		{"/gps/ws", []string{cookie}, 101}, // no browser
		{"/gps/ws", []string{"Cookie: none=x"}, 401},
	} {
		v := s.dial(c.path, c.headers...)
		if v.head.StatusCode != c.want {
			t.Errorf("%s %v: %s", c.path, c.headers, v.head.Status)
		}
		if c.want == 403 && v.head.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%v may read", c.headers)
		}
	}
	for name, change := range map[string]func(http.Header){
		"no upgrade": func(h http.Header) { h.Del("Upgrade") }, "another version": func(h http.Header) { h.Set("Sec-WebSocket-Version", "8") },
		"no key": func(h http.Header) { h.Del("Sec-WebSocket-Key") }, "no connection": func(h http.Header) { h.Set("Connection", "keep-alive") },
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+"/gps/ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{
			"Authorization": {"Bearer ann"}, "Upgrade": {"websocket"}, "Connection": {"Upgrade"},
			"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
		}
		change(r.Header)
		answer, err := s.server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != 426 || answer.Header.Get("Sec-WebSocket-Version") != "13" || answer.Header.Get("Upgrade") != "websocket" {
			t.Errorf("%s: %s", name, answer.Status)
		}
	}
}
