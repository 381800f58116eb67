package glance_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkGlance reads a document of two kilobytes, of which little is wanted,
// beside encoding/json. The two take turns; it takes its own time whatever b.N is.
func BenchmarkGlance(b *testing.B) {
	doc := `{"name":"a","n":7,"sub":{"id":3,"x":[` + strings.Repeat(`{"field":"Champ","value":"une valeur assez ordinaire"},`, 33) + `0],"note":"b"},"y":1.5e3}`
	var ours, theirs []float64
	for range 21 {
		ours = append(ours, cost(func() bool { _, ok := look(doc); return ok }))
		theirs = append(theirs, cost(func() bool { var f found; return json.Unmarshal([]byte(doc), &f) == nil }))
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	a, p := ours[len(ours)/2], theirs[len(theirs)/2]
	fmt.Printf("BENCH glance ours=%.3g peer=%.3g unit=us-lib ratio=%.3f note=encoding/json on the same 2 KB\n", a, p, a/p)
	b.ReportMetric(0, "ns/op")
}

// cost is in microseconds; -1 when the reading failed.
func cost(read func() bool) float64 {
	const times = 500
	began := time.Now()
	for range times {
		if !read() {
			return -1
		}
	}
	return float64(time.Since(began).Nanoseconds()) / 1000 / times
}
