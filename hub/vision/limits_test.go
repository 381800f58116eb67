package vision_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub/vision"
	"gigafibre.ca/targo-hub/hub/web"
	"gigafibre.ca/targo-hub/simkit"
)

func TestLimitsOfADay(t *testing.T) {
	t.Parallel()
	b := newBench(t, set{cfg: vision.Config{PerPerson: 2, PerDay: 3}})
	ask := func(who string) answer { return b.post(t, "/vision/equipment", who, shot(wall(320, 240))) }
	b.sim.Control().Fail(simkit.Fault{Kind: "quota-long"})
	if a := ask(tech); a.status != http.StatusServiceUnavailable { // not billed, so not counted
		t.Fatalf("%d %s", a.status, a.text)
	}
	for range 2 {
		if a := ask(tech); a.status != http.StatusOK {
			t.Fatalf("%d %s", a.status, a.text)
		}
	}
	a := ask(tech)
	var p web.Problem
	a.into(t, &p)
	if a.status != http.StatusTooManyRequests || p.Code != "vision-limit" || p.RetryAfterSec != 15*3600 || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := ask("staff:ann"); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := ask("technician:T2"); a.status != http.StatusTooManyRequests {
		t.Errorf("all together: %d %s", a.status, a.text)
	}
	photo, _ := label()
	if a := b.post(t, "/vision/barcodes", tech, shot(photo)); a.status != http.StatusOK {
		t.Errorf("a code that costs nothing: %d %s", a.status, a.text)
	}
	if got := len(b.sim.Asked()); got != 3 {
		t.Errorf("Gemini was asked %d times", got)
	}
}

func TestNothingIsLeftToGemini(t *testing.T) {
	t.Parallel()
	b := newBench(t, set{cfg: vision.Config{}})
	if a := b.post(t, "/vision/barcodes", tech, shot(wall(320, 240))); a.status != http.StatusTooManyRequests || len(b.sim.Asked()) != 0 {
		t.Errorf("%d %s", a.status, a.text)
	}
}

// bomb is a PNG of a hundred bytes that says it is 30000 by 30000.
func bomb() []byte {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	head := append([]byte("IHDR"), 0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30, 8, 2, 0, 0, 0)
	_ = binary.Write(&b, binary.BigEndian, uint32(13))
	b.Write(head)
	_ = binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(head))
	return b.Bytes()
}

func TestWhatIsNoPicture(t *testing.T) {
	t.Parallel()
	b := newBench(t, set{cfg: plenty()})
	for name, test := range map[string]struct {
		raw    []byte
		status int
		word   string
	}{
		"PDF":           {append([]byte("%PDF-1.7\n"), make([]byte, 900)...), 415, "PDF"},
		"HEIC":          {append([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), make([]byte, 900)...), 415, "HEIC"},
		"bomb":          {bomb(), 413, "picture-too-large"},
		"cut":           {wall(640, 480)[:700], 422, "picture-broken"},
		"page":          {[]byte("<html><script>alert(1)</script>"), 415, "picture-format"},
		"animated WebP": {append([]byte("RIFF\x90\x02\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x3f\x00\x00\x3f\x00\x00ANIM\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00ANMF"), make([]byte, 600)...), 415, "animation"},
	} {
		for _, path := range []string{"/vision/barcodes", "/vision/invoice"} {
			if a := b.post(t, path, tech, shot(test.raw)); a.status != test.status || !strings.Contains(a.text, test.word) {
				t.Errorf("%s to %s: %d %.300s", name, path, a.status, a.text)
			}
		}
	}
	for _, size := range []int64{13 << 20, 50 << 20} {
		noise := io.LimitReader(zeros{}, size)
		if a := b.send(t, "/vision/barcodes", tech, noise, "Content-Type", "application/json"); a.status != http.StatusRequestEntityTooLarge || !strings.Contains(a.text, "body-too-large") {
			t.Errorf("%d MiB: %d %.300s", size>>20, a.status, a.text)
		}
	}
	for body, status := range map[string]int{
		`{"image":"` + strings.Repeat("é", 40) + `"}`: 422, `{"image":""}`: 422, `{}`: 422, `[]`: 400, ``: 400, `{"image":`: 400,
		base64.StdEncoding.EncodeToString(wall(32, 32)): 400,
	} {
		a := b.send(t, "/vision/barcodes", tech, strings.NewReader(body), "Content-Type", "application/json")
		if a.status != status {
			t.Errorf("%.40q: %d %s", body, a.status, a.text)
		}
	}
	if a := b.send(t, "/vision/barcodes", tech, strings.NewReader("x"), "Content-Type", "image/jpeg"); a.status != http.StatusUnsupportedMediaType {
		t.Errorf("%d %s", a.status, a.text)
	}
	if len(b.sim.Asked()) != 0 {
		t.Error("Gemini was asked")
	}
}

// zeros is a body without end.
type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

func TestWhoMayRead(t *testing.T) {
	t.Parallel()
	b := newBench(t, set{cfg: plenty(), scopes: []string{"job:read"}})
	photo, _ := label()
	for who, status := range map[string]int{"staff:ann": 200, tech: 403, "customer:C1": 401, "service:cron": 401, "": 401} {
		if a := b.post(t, "/vision/barcodes", who, shot(photo)); a.status != status {
			t.Errorf("%q: %d %s, want %d", who, a.status, a.text, status)
		}
	}
}
