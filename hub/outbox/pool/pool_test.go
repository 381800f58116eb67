package pool_test

import (
	"fmt"
	"slices"
	"testing"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/outbox/pool"
)

func TestSameRecipientSameSender(t *testing.T) {
	t.Parallel()
	store := hubtest.Store(t)
	numbers := []string{"+15145550100", "+14385550100", "+14505550100"}
	whole, shuffled := pool.New(store, numbers), pool.New(store, []string{numbers[2], numbers[0], numbers[1], numbers[0]})
	fewer := pool.New(store, numbers[:2])
	share := map[string]int{}
	for i := range 90 {
		recipient := fmt.Sprint("recipient-", i)
		order, err := whole.Order(t.Context(), recipient)
		if err != nil {
			t.Fatal(err)
		}
		share[order[0]]++
		same, err := shuffled.Order(t.Context(), recipient)
		if err != nil || !slices.Equal(order, same) {
			t.Errorf("%q and %q, %v", order, same, err)
		}
		left, err := fewer.Order(t.Context(), recipient)
		if want := slices.DeleteFunc(slices.Clone(order), func(n string) bool { return n == numbers[2] }); err != nil || !slices.Equal(left, want) {
			t.Errorf("without the third: %q, want %q, %v", left, want, err)
		}
	}
	for _, number := range numbers {
		if share[number] < 15 {
			t.Errorf("%s has %d of 90 recipients", number, share[number])
		}
	}
}

func TestRestingNumbersComeLast(t *testing.T) {
	t.Parallel()
	store := hubtest.Store(t)
	numbers := []string{"+15145550100", "+14385550100"}
	one, replica := pool.New(store, numbers), pool.New(store, numbers)
	before, err := one.Order(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Bench(t.Context(), before[0], "not registered"); err != nil {
		t.Fatal(err)
	}
	after, err := replica.Order(t.Context(), "ann")
	if err != nil || after[0] != before[1] || after[1] != before[0] {
		t.Errorf("%q, then %q, %v", before, after, err)
	}
	if why, err := replica.Resting(t.Context(), before[0]); why != "not registered" || err != nil {
		t.Errorf("%q %v", why, err)
	}
	if err := one.Bench(t.Context(), before[1], ""); err != nil {
		t.Fatal(err)
	}
	if both, err := one.Order(t.Context(), "ann"); err != nil || !slices.Equal(both, before) {
		t.Errorf("when all rest: %q, %v", both, err)
	}
	if single, err := pool.New(store, nil).Order(t.Context(), "ann"); err != nil || !slices.Equal(single, []string{""}) {
		t.Errorf("without numbers: %q, %v", single, err)
	}
}
