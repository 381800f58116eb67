package live

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

func TestWindowCoversItsNewestFrames(t *testing.T) {
	t.Parallel()
	w := newWindow(4)
	if _, _, _, covered := w.after(7); !covered {
		t.Error("before the start every position must wait")
	}
	w.restart(10)
	for id := int64(11); id <= 30; id++ {
		w.add([]frame{{id: id}})
	}
	for position := int64(0); position <= 32; position++ {
		frames, head, _, covered := w.after(position)
		if head != 30 {
			t.Fatalf("the head is %d", head)
		}
		if !covered {
			if position >= 26 {
				t.Errorf("position %d is not covered by a window of 4", position)
			}
			continue
		}
		want := position + 1
		for _, f := range frames {
			if f.id != want {
				t.Fatalf("after %d came %d instead of %d", position, f.id, want)
			}
			want++
		}
		if position < 30 && want != 31 {
			t.Errorf("after %d the frames end at %d", position, want-1)
		}
	}
}

func TestFramesHandedOutAreNeverTouchedAgain(t *testing.T) {
	t.Parallel()
	w := newWindow(2)
	w.restart(0)
	w.add([]frame{{id: 1}, {id: 2}})
	held, _, _, _ := w.after(0)
	for id := int64(3); id < 50; id++ {
		w.add([]frame{{id: id}})
	}
	if len(held) != 2 || held[0].id != 1 || held[1].id != 2 {
		t.Errorf("held frames became %+v", held)
	}
}

func TestGrowthWakesEverybody(t *testing.T) {
	t.Parallel()
	w := newWindow(2)
	_, _, first, _ := w.after(0)
	w.restart(5)
	_, _, second, _ := w.after(5)
	w.add([]frame{{id: 6}})
	<-first
	<-second
}

func TestForgotten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		id, oldest, last int64
		want             bool
	}{
		{0, 0, 0, false}, {5, 0, 5, false}, {4, 0, 5, true},
		{0, 1, 9, false}, {3, 4, 9, false}, {2, 4, 9, true}, {9, 4, 9, false},
	} {
		if got := forgotten(c.id, c.oldest, c.last); got != c.want {
			t.Errorf("forgotten(%d, %d, %d) is %v", c.id, c.oldest, c.last, got)
		}
	}
}

func TestFrameKeepsTheEventsOwnMembers(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for data, want := range map[string]string{
		`{}`:                       `{"id":7,"at":"2026-01-02T03:04:05Z"}`,
		"{\n \"job\": \"DJ-1\"\n}": `{"id":7,"at":"2026-01-02T03:04:05Z","job":"DJ-1"}`,
		`{"at":"own"}`:             `{"id":7,"at":"own"}`,
		`{"id":1,"at":"own"}`:      `{"id":1,"at":"own"}`,
		`null`:                     `{"id":7,"at":"2026-01-02T03:04:05Z"}`,
		`[1]`:                      `{"id":7,"at":"2026-01-02T03:04:05Z"}`,
		``:                         `{"id":7,"at":"2026-01-02T03:04:05Z"}`,
	} {
		got := string(encode(hub.Event{ID: 7, Name: "a.b", At: at, Data: json.RawMessage(data)}).text)
		if got != "id: 7\nevent: a.b\ndata: "+want+"\n\n" {
			t.Errorf("%s became %s", data, got)
		}
	}
}

func TestTopicsThatARoleMayHear(t *testing.T) {
	t.Parallel()
	staff := hub.Actor{Role: hub.RoleStaff}
	for _, c := range []struct {
		actor hub.Actor
		asked []string
		want  []hub.Topic
		kind  hub.Kind
	}{
		{staff, nil, hub.Topics(), -1},
		{staff, []string{" jobs ,jobs,"}, []hub.Topic{hub.TopicJobs}, -1},
		{staff, []string{"jobs", "inbox"}, []hub.Topic{hub.TopicJobs, hub.TopicInbox}, -1},
		{staff, []string{"nothing"}, nil, hub.Invalid},
		{hub.Actor{Role: hub.RoleTechnician}, []string{"jobs"}, nil, hub.Forbidden},
		{hub.Actor{Role: hub.RolePublic}, nil, nil, hub.Forbidden},
	} {
		got, err := topicsFor(c.actor, c.asked)
		if !slices.Equal(got, c.want) || (err != nil && !hub.IsKind(err, c.kind)) || (err == nil) != (c.kind < 0) {
			t.Errorf("%s asked for %q: %q, %v", c.actor, c.asked, got, err)
		}
	}
}
