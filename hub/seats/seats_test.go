package seats_test

import (
	"fmt"
	"sync"
	"testing"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/seats"
)

func TestAnActorHasSoManySeats(t *testing.T) {
	t.Parallel()
	row := seats.New(2, 0, "Enough.")
	first, err := row.Take("staff:ann")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := row.Take("staff:ann"); err != nil {
		t.Fatal(err)
	}
	if _, err := row.Take("staff:ann"); !hub.IsKind(err, hub.TooMany) || hub.ProblemOf(err).Detail != "Enough." {
		t.Errorf("the third: %v", err)
	}
	if _, err := row.Take("staff:bob"); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	first()
	if _, err := row.Take("staff:ann"); err != nil {
		t.Errorf("after one was given back: %v", err)
	}
}

func TestAllTogetherHaveSoManySeats(t *testing.T) {
	t.Parallel()
	row := seats.New(20, 50, "Enough.")
	var mu sync.Mutex
	var all sync.WaitGroup
	var leaves []func()
	refused := 0
	for i := range 80 {
		all.Go(func() {
			leave, err := row.Take(fmt.Sprint("staff:", i))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				leaves = append(leaves, leave)
			case hub.IsKind(err, hub.Unavailable):
				refused++
			}
		})
	}
	all.Wait()
	if len(leaves) != 50 || refused != 30 {
		t.Fatalf("%d sit, %d were refused", len(leaves), refused)
	}
	for _, leave := range leaves {
		all.Go(leave)
	}
	all.Wait()
	for i := range 50 {
		if _, err := row.Take(fmt.Sprint("staff:", i)); err != nil {
			t.Fatalf("seat %d of an empty row: %v", i, err)
		}
	}
}
