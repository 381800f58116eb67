package frame_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/gobwas/ws"
	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/tracking/stream/frame"
)

const data = `{"items":[{"technician":"TECH-1","name":"Zoé","lat":45.4},{"technician":"TECH-2","name":"Zoé","lat":45.5}]}`

func TestPlainForms(t *testing.T) {
	t.Parallel()
	press := &frame.Press{}
	f := press.Frame("position", []byte(data))
	if got, want := string(f.In(frame.Events)), "event: position\ndata: "+data+"\n\n"; got != want {
		t.Errorf("events: %q", got)
	}
	message, err := readFrame(bytes.NewReader(f.In(frame.Socket)))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(message.Payload), `{"event":"position","data":`+data+`}`; got != want || message.Header.OpCode != ws.OpText || message.Header.Rsv != 0 || message.Header.Masked {
		t.Errorf("socket: %+v %q", message.Header, got)
	}
	if got := string(press.Opening(frame.Events)) + string(press.Beat(frame.Events)); got != "retry: 3000\n\n: beat\n\n" {
		t.Errorf("opening and beat: %q", got)
	}
	if ping, err := readFrame(bytes.NewReader(press.Beat(frame.Socket))); err != nil || ping.Header.OpCode != ws.OpPing || press.Opening(frame.Socket) != nil {
		t.Errorf("ping: %+v %v", ping, err)
	}
}

func TestZippedPiecesFitInAnyOrderAndAreReadAtOnce(t *testing.T) {
	t.Parallel()
	press := &frame.Press{}
	f, g := press.Frame("snapshot", []byte(data)), press.Frame("position", []byte(`{"items":[]}`))
	out, in := io.Pipe()
	go func() {
		for _, piece := range [][]byte{press.Opening(frame.Zipped), f.In(frame.Zipped), g.In(frame.Zipped), press.Beat(frame.Zipped), f.In(frame.Zipped)} {
			_, _ = in.Write(piece) // whole before the next one: who reads must not need more
		}
	}()
	defer func() { _ = out.Close() }()
	zipped, err := gzip.NewReader(out)
	if err != nil {
		t.Fatal(err)
	}
	text := bufio.NewReader(zipped)
	want := "retry: 3000\n\n" + string(f.In(frame.Events)) + string(g.In(frame.Events)) + ": beat\n\n" + string(f.In(frame.Events))
	got := make([]byte, len(want))
	if _, err := io.ReadFull(text, got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestDeflatedMessageStandsAlone(t *testing.T) {
	t.Parallel()
	press := &frame.Press{}
	for range 3 {
		f := press.Frame("position", []byte(data))
		message, err := readFrame(bytes.NewReader(f.In(frame.Deflate)))
		if err != nil || message.Header.Rsv != ws.Rsv(true, false, false) {
			t.Fatalf("%+v %v", message.Header, err)
		}
		plain, err := io.ReadAll(io.LimitReader(flate.NewReader(io.MultiReader(bytes.NewReader(message.Payload), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))), 1<<20))
		if want := `{"event":"position","data":` + data + `}`; err != nil || string(plain) != want {
			t.Errorf("%v %q", err, plain)
		}
		if len(message.Payload) >= len(data) {
			t.Errorf("%d bytes became %d", len(data), len(message.Payload))
		}
	}
}

func TestManyShareOneEncoding(t *testing.T) {
	t.Parallel()
	press := &frame.Press{}
	f := press.Frame("position", []byte(data))
	var all sync.WaitGroup
	for form := frame.Events; form <= frame.Deflate; form++ {
		first := f.In(form)
		for range 8 {
			all.Go(func() {
				if again := f.In(form); &again[0] != &first[0] {
					t.Errorf("form %d was encoded twice", form)
				}
			})
		}
	}
	all.Wait()
}

// readFrame reads one frame of the server.
func readFrame(in io.Reader) (ws.Frame, error) {
	h, err := ws.ReadHeader(in)
	if err != nil || h.Length > 16<<20 {
		return ws.Frame{Header: h}, errors.Join(err, ws.CheckHeader(h, ws.StateClientSide))
	}
	f := ws.Frame{Header: h, Payload: make([]byte, h.Length)}
	_, err = io.ReadFull(in, f.Payload)
	return f, err
}
