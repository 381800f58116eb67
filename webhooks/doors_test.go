package webhooks_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/keep/redis/redistest"
)

// placeOf makes room for a contestant: a folder, or a server.
func placeOf(t testing.TB, engine string) string {
	if engine == redisRival {
		return redistest.Start(t, "--maxmemory", "8gb").URL("")
	}
	return t.TempDir()
}

// All doors at once, 64 senders that never rest and know no better: what is valid
// is stored, once, what is not is refused, and nothing else is ever answered.
func TestDoorsUnderLoad(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{sqliteRival, redisRival} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			place := placeOf(t, engine)
			hub := startRival(t, engine, place)
			stocks := map[string][]parcel{} // before anybody connects: who says nothing is not waited for
			for name, g := range gates() {
				stocks[name] = g.parcels(hub.addr, 0, 1500, true)
			}
			hub.connect(t, 64)
			var team sync.WaitGroup
			want, mu := map[string]int{}, sync.Mutex{}
			for i, name := range slices.Sorted(maps.Keys(stocks)) {
				var mine []*sender
				for s := i; s < len(hub.senders); s += len(stocks) {
					mine = append(mine, hub.senders[s])
				}
				team.Go(func() {
					got := volley(t, mine, stocks[name], 2*time.Second)
					if got.stored == 0 || got.refused == 0 {
						t.Errorf("%s: %d stored, %d refused", name, got.stored, got.refused)
					}
					mu.Lock()
					defer mu.Unlock()
					want["inbox."+name] = got.stored
					want[""] += got.stored
				})
			}
			team.Wait()
			hub.stop(t)
			if got := countStored(t, engine, place); !maps.Equal(got, want) {
				t.Errorf("%v are stored, %v were acknowledged", got, want)
			}
		})
	}
}

// doorSlice is how long a door is under load before its peer has its turn.
const doorSlice = 2 * time.Second

// BenchmarkDoors puts 64 senders on each door, on each engine, for a minute
// (TARGO_BENCH_SECONDS sets another time): seven of ten deliveries are new, two
// were sent before, one is signed with another secret. Beside it stands the
// fsynced log, which checks the same proof and knows no repetitions, under the
// same load in between. Whatever is not to be answered fails the benchmark;
// afterwards the store must hold as many as were acknowledged. Memory is what the
// process holds at the end, beside what it held after a quarter of the time.
func BenchmarkDoors(b *testing.B) {
	long := time.Minute
	if text := os.Getenv("TARGO_BENCH_SECONDS"); text != "" {
		var err error
		if long, err = time.ParseDuration(text + "s"); err != nil {
			b.Fatal(err)
		}
	}
	for _, engine := range []string{sqliteRival, redisRival} {
		for _, name := range slices.Sorted(maps.Keys(gates())) {
			// In a benchmark of its own, so that its files go when it is over.
			b.Run(name+"-"+engine, func(b *testing.B) { loadDoor(b, name, engine, long) })
		}
	}
}

func loadDoor(b *testing.B, name, engine string, long time.Duration) {
	place, g := placeOf(b, engine), gates()[name]
	door, log := startRival(b, engine, place), startRival(b, logRival, b.TempDir())
	for _, r := range []*rival{door, log} {
		r.connect(b, 64)
		r.slice(b, g, true, doorSlice/10) // warm up
		r.forget()
	}
	for range max(4, int(long/doorSlice)) {
		door.slice(b, g, true, doorSlice)
		log.slice(b, g, true, doorSlice/5)
	}
	door.stop(b)
	log.stop(b)
	if stored := countStored(b, engine, place); stored["inbox."+name] != door.total.stored {
		b.Errorf("%s holds %d deliveries, %d were acknowledged", engine, stored["inbox."+name], door.total.stored)
	}
	about := fmt.Sprintf("%d stored, %d refused, %d sent away; ", door.total.stored, door.total.refused, door.total.away)
	row("doors-"+name+"-"+engine, door.rate(), log.rate(), "answers/s", about+logNote)
	row("doors-"+name+"-"+engine+"-p99", door.p99(), log.p99(), "ms-lib", logNote)
	early := door.memory[len(door.memory)/4]
	row("doors-"+name+"-"+engine+"-rss", door.memory[len(door.memory)-1], early, "MB-lib", "resident at the end; the same process after a quarter of the time")
	b.ReportMetric(0, "ns/op")
}
