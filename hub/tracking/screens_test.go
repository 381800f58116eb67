package tracking_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// screen is somebody who watches: what he sees now, and what he should not have.
type screen struct {
	kind string

	mu    sync.Mutex
	shown map[int64]fix.View
	wrong []string
	began chan struct{} // closed at the first snapshot
	once  sync.Once
}

// watch opens a stream of a kind, "stream" or "ws", until the test ends.
func watch(t testing.TB, r *replica, kind string) *screen {
	t.Helper()
	s := &screen{kind: kind, shown: map[int64]fix.View{}, began: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	var reading sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		reading.Wait()
	})
	header := http.Header{hubtest.RoleHeader: {"staff:" + kind}}
	if kind == "ws" {
		conn, answer, err := websocket.Dial(ctx, r.url+"/gps/ws", &websocket.DialOptions{HTTPHeader: header})
		if err != nil {
			t.Fatal(err, answer)
		}
		conn.SetReadLimit(1 << 20)
		reading.Go(func() { s.hearMessages(ctx, conn) })
		return s
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url+"/gps/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	answer, err := http.DefaultClient.Do(request)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(err, answer)
	}
	reading.Go(func() { s.hearEvents(answer) })
	return s
}

func (s *screen) hearMessages(ctx context.Context, conn *websocket.Conn) {
	defer func() { _ = conn.CloseNow() }()
	for {
		_, text, err := conn.Read(ctx)
		if err != nil {
			return
		}
		var message struct {
			Event string          `json:"event"`
			Data  json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(text, &message); err != nil {
			s.complain("a message that is no JSON: %v", err)
			continue
		}
		s.show(message.Event, message.Data)
	}
}

func (s *screen) hearEvents(answer *http.Response) {
	defer func() { _ = answer.Body.Close() }()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	event := ""
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "event":
			event = value
		case "data":
			s.show(event, []byte(value))
		}
	}
}

func (s *screen) complain(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.wrong) < 5 {
		s.wrong = append(s.wrong, fmt.Sprintf(format, args...))
	}
}

// show puts what was said on the screen. Nothing may go back in time, and no
// snapshot may lack what was there.
func (s *screen) show(event string, data []byte) {
	var list struct {
		Items []fix.View `json:"items"`
	}
	if err := json.Unmarshal(data, &list); err != nil || event != "snapshot" && event != "position" {
		s.complain("%s that cannot be read: %v", event, err)
		return
	}
	s.mu.Lock()
	lacking := len(s.shown) - len(list.Items)
	for _, v := range list.Items {
		if was, known := s.shown[v.Device]; known && timeOf(v).Before(timeOf(was)) {
			s.wrong = append(s.wrong, fmt.Sprintf("device %d goes from %s back to %s", v.Device, was.At, v.At))
		}
		s.shown[v.Device] = v
	}
	s.mu.Unlock()
	if event == "snapshot" {
		if lacking > 0 {
			s.complain("a snapshot lacks %d devices", lacking)
		}
		s.once.Do(func() { close(s.began) })
	}
}

func timeOf(v fix.View) time.Time {
	at, err := time.Parse(time.RFC3339Nano, v.At)
	if err != nil {
		return time.Time{}
	}
	return at
}

// behind tells what of the truth the screen does not show yet. exact asks for the
// very place, too.
func (s *screen) behind(truth map[int64]place, exact bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for device, want := range truth {
		v, known := s.shown[device]
		switch {
		case !known:
			return fmt.Sprintf("%s: device %d is missing", s.kind, device)
		case timeOf(v).Before(want.at):
			return fmt.Sprintf("%s: device %d is shown as of %s, not %s", s.kind, device, v.At, want.at)
		case exact && (v.Lat != want.lat || v.Lon != want.lon || !timeOf(v).Equal(want.at)):
			return fmt.Sprintf("%s: device %d is shown at %v, %v as of %s, not %+v", s.kind, device, v.Lat, v.Lon, v.At, want)
		case v.Technician != fmt.Sprintf("T-%02d", device):
			return fmt.Sprintf("%s: device %d is shown as %s's", s.kind, device, v.Technician)
		}
	}
	return ""
}

func (s *screen) complaints() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wrong
}
