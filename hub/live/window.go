package live

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// frame is one event as it goes over the wire. It is encoded once and never
// changed, so that all listeners can share it.
type frame struct {
	id    int64
	topic hub.Topic
	text  []byte
}

// window holds the newest frames: all those with an id above base, up to head.
type window struct {
	size int

	mu      sync.Mutex
	started bool
	era     int // grows when the ring went back
	base    int64
	head    int64
	frames  []frame
	grown   chan struct{} // closed when head rises
}

func newWindow(size int) *window {
	return &window{size: max(size, 1), grown: make(chan struct{})}
}

func (w *window) position() (head int64, started bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.head, w.started
}

// age is how often the ring went back by now.
func (w *window) age() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.era
}

// restart empties the window; events up to head must be read from the ring.
func (w *window) restart(head int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.head > head {
		w.era++
	}
	w.started, w.base, w.head, w.frames = true, head, head, nil
	w.ring()
}

// add appends frames with rising ids. Slices handed out by after stay valid:
// elements are never written again, old ones are left behind with their array.
func (w *window) add(fresh []frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frames = append(w.frames, fresh...)
	w.head = fresh[len(fresh)-1].id
	if over := len(w.frames) - w.size; over > w.size {
		w.base = w.frames[over-1].id
		w.frames = append(make([]frame, 0, 2*w.size), w.frames[over:]...)
	}
	w.ring()
}

// after returns the frames above the position, the head they lead up to and the
// signal for more. covered is false when the window does not reach back that far.
func (w *window) after(position int64) (frames []frame, head int64, grown <-chan struct{}, covered bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if position >= w.head {
		return nil, w.head, w.grown, true
	}
	if position < w.base {
		return nil, w.head, w.grown, false
	}
	i := sort.Search(len(w.frames), func(i int) bool { return w.frames[i].id > position })
	return w.frames[i:len(w.frames):len(w.frames)], w.head, w.grown, true
}

func (w *window) ring() {
	close(w.grown)
	w.grown = make(chan struct{})
}

func encodeAll(events []hub.Event) []frame {
	frames := make([]frame, len(events))
	for i, e := range events {
		frames[i] = encode(e)
	}
	return frames
}

// encode writes an event as server-sent events want it: id, event, data. The
// data are the event's own members plus id and at, unless it has them already.
func encode(e hub.Event) frame {
	var out bytes.Buffer
	fmt.Fprintf(&out, "id: %d\nevent: %s\ndata: ", e.ID, e.Name)
	out.Write(members(e))
	out.WriteString("\n\n")
	return frame{id: e.ID, topic: e.Topic, text: out.Bytes()}
}

func members(e hub.Event) []byte {
	own := map[string]json.RawMessage{}
	var body bytes.Buffer
	if json.Unmarshal(e.Data, &own) != nil || own == nil || json.Compact(&body, e.Data) != nil {
		own, body = nil, *bytes.NewBufferString("{}") // not an object: the name and the id are still news
	}
	out := bytes.NewBufferString("{")
	if _, has := own["id"]; !has {
		fmt.Fprintf(out, `"id":%d,`, e.ID)
	}
	if _, has := own["at"]; !has {
		fmt.Fprintf(out, `"at":%q,`, e.At.UTC().Format(time.RFC3339Nano))
	}
	rest := body.Bytes()[1:]
	if len(rest) == 1 && out.Len() > 1 { // "}": no further member
		out.Truncate(out.Len() - 1)
	}
	out.Write(rest)
	return out.Bytes()
}

// resetFrame tells a client that it has missed events and must read anew what
// it shows. It moves the client's position to id.
func resetFrame(id int64) []byte {
	return fmt.Appendf(nil, "id: %d\nevent: reset\ndata: {\"id\":%d,\"reason\":\"missed\"}\n\n", id, id)
}
