package barcode_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/barcode"
	"gigafibre.ca/targo-hub/hub/barcode/labelpress"
)

// score is how a reader did with a set of photos.
type score struct {
	read, wrong int
	ms          []float64 // a photo
}

func (s *score) add(texts []string, want string, ms float64) {
	s.ms = append(s.ms, ms)
	if slices.Contains(texts, want) {
		s.read++
	}
	if slices.ContainsFunc(texts, func(text string) bool { return text != want }) {
		s.wrong++
	}
}

func (s *score) quantile(q int) float64 {
	slices.Sort(s.ms)
	return s.ms[(len(s.ms)-1)*q/100]
}

// set is photos in a folder, with what stands on each.
type set struct {
	paths []string
	want  map[string]string
}

func printed(b *testing.B, seed uint64, tiers ...string) set {
	b.Helper()
	out := set{want: map[string]string{}}
	folder := b.TempDir()
	formats := []string{labelpress.Code128, labelpress.QR, labelpress.DataMatrix}
	for photo := range labelpress.Run(seed, 20, tiers, formats) {
		path := filepath.Join(folder, photo.Name+".jpg")
		if err := os.WriteFile(path, photo.JPEG, 0o600); err != nil {
			b.Fatal(err)
		}
		out.paths = append(out.paths, path)
		out.want[path] = photo.Codes[0].Value
	}
	return out
}

// BenchmarkBarcodes reads 120 photos (easy and rot), then 60 of the mid tier and
// 60 of the hard one, beside Debian's zbarimg and ZXingReader and npm's
// zxing-wasm: one photo after the other, ours on one core whatever the machine
// has. Times include the opening of the file, and for Debian's the start of a
// process. It takes its own time whatever b.N is; TARGO_BENCH_SEED sets other
// seeds ("1,2,3").
func BenchmarkBarcodes(b *testing.B) {
	runtime.GOMAXPROCS(1)
	for _, text := range strings.Split(or(os.Getenv("TARGO_BENCH_SEED"), "1"), ",") {
		seed, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			b.Fatalf("TARGO_BENCH_SEED: %v", err)
		}
		suffix := ""
		if seed != 1 {
			suffix = "-seed" + text
		}
		contest(b, suffix, printed(b, seed, labelpress.Easy, labelpress.Rot), "easy and rot tiers; goal: at least 114 of 120, none wrong")
		contest(b, "-mid"+suffix, printed(b, seed, labelpress.Mid), "mid tier: 3 px a module, blur 0.8 to 1.2")
		contest(b, "-hard"+suffix, printed(b, seed, labelpress.Hard), "hard tier: 2.2 to 3 px a module, blur 1.0 to 1.9, noise 14")
	}
	b.ReportMetric(0, "ns/op")
}

// contest prints how we and every peer that is there did.
func contest(b *testing.B, name string, photos set, note string) {
	b.Helper()
	ours := mine(b, photos)
	n := len(photos.paths)
	for _, peer := range peers() {
		theirs, err := peer.read(photos)
		if err != nil {
			fmt.Printf("%s is left out: %v (.ci/setup bench installs it)\n", peer.name, err)
			continue
		}
		line(name+"-read-"+peer.key, float64(ours.read), float64(theirs.read), fmt.Sprintf("of-%d", n), peer.name+"; "+note)
		line(name+"-wrong-"+peer.key, float64(ours.wrong), float64(theirs.wrong), "photos-lib", peer.name+"; photos with a text that is not there")
		line(name+"-p50-"+peer.key, ours.quantile(50), theirs.quantile(50), "ms-lib", peer.name+"; a photo; goal: ours at most 100")
		line(name+"-p95-"+peer.key, ours.quantile(95), theirs.quantile(95), "ms-lib", peer.name+"; a photo; goal: ours at most 500")
	}
	if ours.wrong > 0 {
		b.Errorf("%d of %d photos read wrong", ours.wrong, n)
	}
	if n == 120 && ours.read < 114 {
		b.Errorf("%d of %d photos read", ours.read, n)
	}
}

func line(name string, ours, peer float64, unit, note string) {
	ratio := 1.0
	if ours != peer {
		ratio = ours / max(peer, 1e-3)
	}
	fmt.Fprintf(os.Stdout, "BENCH barcodes%s ours=%.4g peer=%.4g unit=%s ratio=%.3f note=%s\n", name, ours, peer, unit, ratio, note)
}

func mine(b *testing.B, photos set) *score {
	b.Helper()
	var s score
	for _, path := range photos.paths {
		began := time.Now()
		raw, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		img, err := jpeg.Decode(bytes.NewReader(raw))
		if err != nil {
			b.Fatal(err)
		}
		codes, err := barcode.Decode(context.Background(), img)
		ms := time.Since(began).Seconds() * 1000
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			b.Errorf("%s: %v", filepath.Base(path), err)
		}
		var texts []string
		for _, code := range codes {
			texts = append(texts, code.Value)
		}
		s.add(texts, photos.want[path], ms)
	}
	return &s
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
