package otp_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path"
	"slices"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/magiclink/otp"
)

// asking is how the timing of answers is measured: who is known and who is not take
// turns by chance, each from an address of his own, over one connection. Everybody
// asks once: whoever is known is sent a code.
type asking struct {
	path   string
	wanted int    // status
	rest   string // of the body
}

func sending() asking { return asking{"/otp/send", http.StatusOK, ""} }

func guessing() asking { return asking{"/otp/verify", http.StatusUnauthorized, `,"code":"12345"`} }

func (a asking) body(i int) string {
	return fmt.Sprintf(`{"identifier":"438555%04d","purpose":"portal"%s}`, i, a.rest)
}

// crowd makes n people known.
func (d *door) crowd(n int) {
	d.tb.Helper()
	for i := range n {
		_, err := d.site.Put("Customer", map[string]any{"customer_name": fmt.Sprintf("Client %d", i), "customer_type": "Individual", "mobile_no": fmt.Sprintf("438 555-%04d", i)})
		if err != nil {
			d.tb.Fatal(err)
		}
	}
}

// sample measures n answers to each kind, in microseconds.
func (a asking) sample(tb testing.TB, d *door, n int) (known, unknown []float64) {
	tb.Helper()
	for i, person := range rand.Perm(2 * n) {
		req, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, d.url+a.path, bytes.NewReader([]byte(a.body(person))))
		if err != nil {
			tb.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255))
		begun := time.Now()
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			tb.Fatal(err)
		}
		took := float64(time.Since(begun).Nanoseconds()) / 1e3
		_, err = io.Copy(io.Discard, resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			tb.Fatal(err)
		}
		if resp.StatusCode != a.wanted {
			tb.Fatalf("%s answered %d", a.path, resp.StatusCode)
		}
		if person < n {
			known = append(known, took)
		} else {
			unknown = append(unknown, took)
		}
	}
	slices.Sort(known)
	slices.Sort(unknown)
	return known, unknown
}

// chance is how probable it is that an answer to one kind takes longer than one to
// the other: a half when they cannot be told apart. z says by how many standard
// deviations it misses that (the rank test of Mann and Whitney).
func chance(known, unknown []float64) (half, z float64) {
	sum := 0.0
	for _, k := range known {
		below, _ := slices.BinarySearch(unknown, k)
		upTo, _ := slices.BinarySearch(unknown, math.Nextafter(k, math.Inf(1)))
		sum += float64(below) + float64(upTo-below)/2
	}
	n, m := float64(len(known)), float64(len(unknown))
	half = sum / (n * m)
	return half, (half - 0.5) / math.Sqrt((n+m+1)/(12*n*m))
}

// TestTimeTellsNothing: of answers to the known and the unknown neither kind is the
// slower one. By chance, five standard deviations are missed once in a million runs;
// one kind that is always slower misses by seven. That the same is done before the
// answer is what TestSameAnswerSameWork shows.
func TestTimeTellsNothing(t *testing.T) {
	t.Parallel()
	const n, margin = 33, 5
	slow := make([]float64, n)
	for i := range slow {
		slow[i] = 1
	}
	if _, z := chance(slow, make([]float64, n)); z < margin {
		t.Fatalf("this test sees nothing: %.1f", z)
	}
	d := newDoor(t, func(deps *otp.Deps) { deps.Spread = 100 * time.Millisecond })
	d.crowd(n)
	for _, a := range []asking{sending(), guessing()} {
		known, unknown := a.sample(t, d, n)
		if half, z := chance(known, unknown); math.Abs(z) > margin {
			t.Errorf("%s: an answer to the known takes longer with the probability %.3f (%.1f standard deviations)", a.path, half, z)
		}
	}
	d.idle()
	if sent := len(d.messages()); sent != n {
		t.Errorf("%d codes were sent", sent)
	}
}

// BenchmarkOtp reports whether the time of an answer tells if somebody is known: 2,000
// requests of each route, the known and the unknown by chance.
func BenchmarkOtp(b *testing.B) {
	for range b.N {
		d := newDoor(b, func(deps *otp.Deps) { deps.Spread = time.Second })
		d.crowd(1000)
		for _, a := range []asking{sending(), guessing()} {
			known, unknown := a.sample(b, d, 1000)
			half, z := chance(known, unknown)
			ours, peer := known[len(known)/2], unknown[len(unknown)/2]
			fmt.Fprintf(os.Stdout, "BENCH otp-%s ours=%.4g peer=%.4g unit=us-lib ratio=%.3f note=median answer to known beside unknown identifiers, %d requests; P(known slower)=%.3f, z=%.2f (goal: |z| below 3)\n",
				path.Base(a.path), ours, peer, ours/peer, len(known)+len(unknown), half, z)
		}
		d.idle()
	}
}
