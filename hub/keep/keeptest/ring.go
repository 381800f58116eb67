package keeptest

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

func ringPromises() []promise {
	return []promise{
		{"Events come back in order, from where one was", appendRead},
		{"Events are read by topic", readTopics},
		{"An event with a key is appended once", appendKey},
		{"Of concurrent appends of a key one is stored", appendAtOnce},
		{"An empty ring has neither oldest nor last", ringEmpty},
		{"Appending rings with the last id", appendRings},
		{"Those who listen hear", radioHears},
		{"A slow listener loses the oldest and blocks nobody", radioSlow},
		{"Who stops listening is left alone", radioLeaves},
	}
}

func appendRead(t *testing.T, r *rig) {
	all := r.append(t, news("one"), news("two"))
	r.pass(time.Second)
	given := news("three")
	given.At = r.Now().Add(-time.Hour)
	all = append(all, r.append(t, given)...)
	for i, e := range all {
		want := []hub.Event{news("one"), news("two"), given}[i]
		want.ID = e.ID
		if i < 2 {
			want.At = r.Now().Add(-time.Second)
		}
		same(t, "an appended event", e, want)
		if i > 0 && e.ID <= all[i-1].ID {
			t.Errorf("id %d after %d", e.ID, all[i-1].ID)
		}
	}
	last, err := r.Last(r.ctx)
	if err != nil || last != all[2].ID {
		t.Errorf("Last = %d, %v; want %d", last, err, all[2].ID)
	}
	for _, c := range []struct {
		after int64
		n     int
		want  []hub.Event
	}{{0, 10, all}, {all[0].ID, 10, all[1:]}, {0, 2, all[:2]}, {all[2].ID, 10, nil}, {0, 0, nil}} {
		got, oldest, err := r.Read(r.ctx, c.after, c.n)
		if err != nil || oldest != all[0].ID {
			t.Errorf("Read(%d) oldest = %d, %v", c.after, oldest, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("Read(%d, %d) (-want +got):\n%s", c.after, c.n, diff)
		}
	}
}

func readTopics(t *testing.T, r *rig) {
	a, b, c := news("a"), news("b"), news("c")
	b.Topic, c.Topic = hub.TopicInbox, hub.TopicFlows
	all := r.append(t, a, b, c)
	got, _, err := r.Read(r.ctx, 0, 10, hub.TopicJobs, hub.TopicFlows)
	if diff := cmp.Diff([]hub.Event{all[0], all[2]}, got); diff != "" || err != nil {
		t.Errorf("Read: %v (-want +got):\n%s", err, diff)
	}
	got, oldest, err := r.Read(r.ctx, 0, 1, hub.TopicInbox)
	if diff := cmp.Diff(all[1:2], got); diff != "" || err != nil || oldest != all[0].ID {
		t.Errorf("Read: oldest %d, %v (-want +got):\n%s", oldest, err, diff)
	}
}

func appendKey(t *testing.T, r *rig) {
	keyed := news("one")
	keyed.Key = "k"
	first := r.append(t, keyed)[0]
	r.pass(time.Minute)
	again := r.append(t, news("two"), keyed, keyed)
	if again[1].ID != first.ID || !again[1].At.Equal(first.At) || again[2].ID != first.ID {
		t.Errorf("the same key gave id %d and %d, want %d", again[1].ID, again[2].ID, first.ID)
	}
	got, _, err := r.Read(r.ctx, 0, 10)
	if err != nil || len(got) != 2 {
		t.Errorf("%d events are stored, %v; want 2", len(got), err)
	}
}

func appendAtOnce(t *testing.T, r *rig) {
	keyed := news("one")
	keyed.Key = "k"
	var found [12]int64
	together(len(found), func(i int) {
		got, err := r.Append(r.ctx, news(fmt.Sprint(i)), keyed)
		if err != nil {
			t.Errorf("Append = %v", err)
			return
		}
		found[i] = got[1].ID
	})
	for _, id := range found {
		same(t, "id", id, found[0])
	}
	got, _, err := r.Read(r.ctx, 0, 100)
	if err != nil || len(got) != len(found)+1 {
		t.Errorf("%d events are stored, %v; want %d", len(got), err, len(found)+1)
	}
}

func ringEmpty(t *testing.T, r *rig) {
	last, errLast := r.Last(r.ctx)
	got, oldest, errRead := r.Read(r.ctx, 0, 10)
	if last != 0 || len(got) != 0 || oldest != 0 || errLast != nil || errRead != nil {
		t.Errorf("last %d, %v; read %v, oldest %d, %v", last, errLast, got, oldest, errRead)
	}
	if none := r.append(t); len(none) != 0 {
		t.Errorf("Append of nothing = %v", none)
	}
}

func appendRings(t *testing.T, r *rig) {
	wake, err := r.Subscribe(r.ctx, keep.WakeEvents)
	if err != nil {
		t.Fatal(err)
	}
	all := r.append(t, news("one"), news("two"))
	same(t, "the message", receive(t, wake), strconv.FormatInt(all[1].ID, 10))
}

func radioHears(t *testing.T, r *rig) {
	a, err := r.Subscribe(r.ctx, "c")
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Subscribe(r.ctx, "c")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []struct{ channel, text string }{{"other", "no"}, {"c", "one"}, {"c", "two"}} {
		if err := r.Publish(r.ctx, m.channel, []byte(m.text)); err != nil {
			t.Errorf("Publish = %v", err)
		}
	}
	for _, ear := range []<-chan []byte{a, b} {
		same(t, "the first message", receive(t, ear), "one")
		same(t, "the second message", receive(t, ear), "two")
	}
}

func radioSlow(t *testing.T, r *rig) {
	const n = 1000
	slow, err := r.Subscribe(r.ctx, "c")
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := r.Publish(r.ctx, "c", []byte(strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
	count, before := 0, -1
	for before < n-1 {
		i, err := strconv.Atoi(receive(t, slow))
		if err != nil || i <= before {
			t.Fatalf("message %d after %d, %v", i, before, err)
		}
		before, count = i, count+1
	}
	if count < 16 {
		t.Errorf("only %d messages waited", count)
	}
}

func radioLeaves(t *testing.T, r *rig) {
	ctx, cancel := context.WithCancel(r.ctx)
	ear, err := r.Subscribe(ctx, "c")
	if err != nil {
		t.Fatal(err)
	}
	var failed atomic.Int64
	together(4, func(i int) {
		if i == 0 {
			cancel()
		}
		for range 50 {
			if r.Publish(r.ctx, "c", []byte("x")) != nil {
				failed.Add(1)
			}
		}
	})
	closes(t, ear)
	same(t, "failed sends", failed.Load(), int64(0))
}
