package vision_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/gemini/geminisim"
	"gigafibre.ca/targo-hub/hub/vision"
	"gigafibre.ca/targo-hub/hub/web"
	"gigafibre.ca/targo-hub/simkit"
)

const tech = "technician:T1"

// A code that the hub decodes itself costs nothing and needs no key.
func TestDecodedWithoutAKey(t *testing.T) {
	t.Parallel()
	b := newBench(t, set{cfg: plenty(), noKey: true})
	photo, value := label()
	var got vision.Barcodes
	b.post(t, "/vision/barcodes", tech, shot(photo)).into(t, &got)
	if got.Engine != "local" || len(got.Codes) != 1 || got.Codes[0].Value != value || got.Codes[0].Format != "code128" || !got.Codes[0].Valid {
		t.Errorf("%+v, want %s", got, value)
	}
	for path, picture := range map[string][]byte{"/vision/barcodes": wall(320, 240), "/vision/equipment": photo, "/vision/invoice": photo} {
		a := b.post(t, path, tech, shot(picture))
		if a.status != http.StatusServiceUnavailable || !strings.Contains(a.text, `"part-off"`) || !strings.Contains(a.text, "Gemini") {
			t.Errorf("%s without a key: %d %s", path, a.status, a.text)
		}
	}
	if got := b.counted(t, "targo_vision_readings_total", "barcodes", "local", "ok"); got != 1 {
		t.Errorf("counted %v", got)
	}
}

// Many pictures at once wait in line for a core: each is still decoded here.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, set{cfg: plenty(), noKey: true, hurry: time.Minute})
	photo, value := label()
	var all sync.WaitGroup
	for i := range 5 {
		all.Go(func() {
			a := b.post(t, "/vision/barcodes", tech, shot(append(bytes.Clone(photo), byte(i)))) // another file each
			if a.status != http.StatusOK || !strings.Contains(a.text, value) {
				t.Errorf("%d %s", a.status, a.text)
			}
		})
	}
	all.Wait()
}

// What the hub does not find, Gemini reads.
func TestGeminiReadsWhatIsNotFound(t *testing.T) {
	t.Parallel()
	b := newBench(t, set{cfg: plenty()})
	b.sim.Answer(geminisim.Order{JSON: json.RawMessage(`{"codes":[{"value":"S/N 2231400001234","kind":"serial","format":"CODE_128","confidence":0.9},{"value":"2231400001234","kind":"serial","format":"code128","confidence":0.7}]}`), ModelVersion: "gemini-3.8-flash"})
	var got vision.Barcodes
	b.post(t, "/vision/barcodes", tech, shot(wall(320, 240))).into(t, &got)
	if got.Engine != "gemini" || len(got.Codes) != 1 || got.Codes[0].Normalized != "2231400001234" || got.Codes[0].Confidence != .9 {
		t.Errorf("%+v", got)
	}
	if b.counted(t, "targo_vision_readings_total", "barcodes", "gemini", "ok") != 1 || b.counted(t, "targo_vision_tokens_total", "prompt") == 0 {
		t.Error("nothing was counted")
	}
	if text := b.logs.String(); !strings.Contains(text, "gemini-3.8-flash") || strings.Contains(text, "2231400001234") {
		t.Errorf("logged %s", text)
	}
}

// Whatever Gemini does, the phone has its answer before it gives up: here in a
// second, which is otherwise UsualWait.
func TestAnswersInTime(t *testing.T) {
	t.Parallel()
	if vision.UsualWait > 6500*time.Millisecond {
		t.Errorf("%s leave nothing of seven seconds for the way", vision.UsualWait)
	}
	for name, test := range map[string]struct {
		fault  simkit.Fault
		hurry  time.Duration
		status int
	}{
		"never answers":               {simkit.Fault{Kind: "hang", Next: 9}, time.Second, 504},
		"stops in the answer":         {simkit.Fault{HangBody: 20, Next: 9}, time.Second, 504},
		"dribbles":                    {simkit.Fault{Drip: time.Second, Next: 9}, time.Second, 504},
		"is late":                     {simkit.Fault{Delay: 300 * time.Millisecond, Next: 9}, 3 * time.Second, 200},
		"asks to wait, then is there": {simkit.Fault{Kind: "quota", Next: 1}, 0, 200},
		"asks to wait for ever":       {simkit.Fault{Kind: "quota-long", Next: 99}, time.Second, 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, set{cfg: plenty(), hurry: test.hurry})
			b.sim.Control().Fail(test.fault)
			started := time.Now()
			a := b.post(t, "/vision/barcodes", tech, shot(wall(320, 240)))
			if took := time.Since(started); took > 7*time.Second || a.status != test.status {
				t.Errorf("after %s: %d %s", took, a.status, a.text)
			}
			if test.status != http.StatusGatewayTimeout {
				return
			}
			var p web.Problem
			if a.into(t, &p); p.Code != "vision_timeout" || !p.Retryable {
				t.Errorf("%s", a.text)
			}
		})
	}
}

// What Gemini says too late is not lost: the same picture sent again, with the same
// key, is given it, and Gemini was asked once.
func TestLateIsKeptForTheSecondTry(t *testing.T) {
	t.Parallel()
	b := newBench(t, set{cfg: vision.Config{PerPerson: 1, PerDay: 1}, hurry: time.Second})
	b.sim.Answer(geminisim.Order{JSON: json.RawMessage(`{"codes":[{"value":"AB123456","kind":"serial","confidence":1}]}`)})
	b.sim.Control().Fail(simkit.Fault{Delay: 1500 * time.Millisecond})
	picture := shot(wall(320, 240))
	if a := b.post(t, "/vision/barcodes", tech, picture, "Idempotency-Key", "photo-1"); a.status != http.StatusGatewayTimeout {
		t.Fatalf("%d %s", a.status, a.text)
	}
	for _, replay := range []string{"", "true"} {
		a := b.post(t, "/vision/barcodes", tech, picture, "Idempotency-Key", "photo-1")
		if a.status != http.StatusOK || !strings.Contains(a.text, "AB123456") || a.header.Get("Idempotent-Replay") != replay {
			t.Errorf("%d %s", a.status, a.text)
		}
	}
	if got := len(b.sim.Asked()); got != 1 {
		t.Errorf("Gemini was asked %d times", got)
	}
}

// How Gemini fails, and what the caller is told.
func TestFailuresOfGemini(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind   string
		status int
		code   string
	}{
		{"bad-key", 503, "part-off"}, {"model-gone", 503, "part-off"}, {"quota-long", 503, "upstream-unavailable"}, {"quota-day", 503, "upstream-unavailable"},
		{"overloaded", 503, "upstream-unavailable"}, {"html", 503, "upstream-unavailable"}, {"blocked", 422, "picture-refused"}, {"blocked-answer", 422, "picture-refused"},
		{"truncated", 502, "vision-unreadable"}, {"truncated-empty", 502, "vision-unreadable"}, {"wrong-json", 502, "vision-unreadable"},
	} {
		t.Run(test.kind, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, set{cfg: plenty()})
			b.sim.Control().Fail(simkit.Fault{Kind: test.kind, Next: 9})
			for _, path := range []string{"/vision/barcodes", "/vision/equipment", "/vision/invoice"} {
				a := b.post(t, path, tech, shot(wall(320, 240)))
				var p web.Problem
				a.into(t, &p)
				if a.status != test.status || p.Code != test.code || p.Status != test.status || strings.Contains(a.text+b.logs.String(), key) || strings.Contains(a.text, "gemini-2.0") {
					t.Errorf("%s: %d %s", path, a.status, a.text)
				}
			}
		})
	}
}

// Another shape than the asked one is no answer.
func TestAnotherShape(t *testing.T) {
	t.Parallel()
	b := newBench(t, set{cfg: plenty()})
	b.sim.Answer(geminisim.Order{JSON: json.RawMessage(`{"codes":"none","labels":7,"total":1e999999}`)})
	for _, path := range []string{"/vision/barcodes", "/vision/equipment", "/vision/invoice"} {
		if a := b.post(t, path, tech, shot(wall(320, 240))); a.status != http.StatusBadGateway || !strings.Contains(a.text, "vision-unreadable") {
			t.Errorf("%s: %d %s", path, a.status, a.text)
		}
	}
}

// Pictures leave the house small.
func TestGeminiGetsASmallPicture(t *testing.T) {
	t.Parallel()
	b := newBench(t, set{cfg: plenty()})
	if a := b.post(t, "/vision/equipment", tech, shot(wall(1800, 60))); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.text)
	}
	asked := b.sim.Asked()
	if len(asked) != 1 || !asked[0].Schema || len(asked[0].Pictures) != 1 || asked[0].Pictures[0].Width != 1600 || asked[0].Pictures[0].Bytes > 1<<20 {
		t.Errorf("%+v", asked)
	}
}

func TestEquipment(t *testing.T) {
	t.Parallel()
	b := newBench(t, set{cfg: plenty()})
	b.sim.Answer(geminisim.Order{JSON: json.RawMessage(`{"labels":[{"brand":"TP-Link","model":"X1","mac_address":"5O-C7-BF-01-23-45","wifi_password":"secretWord9","confidence":0.95}]}`)})
	photo, value := label()
	var got vision.Equipment
	b.post(t, "/vision/equipment", tech, shot(photo)).into(t, &got)
	if len(got.Labels) != 1 || got.Labels[0].MACAddress != "50:C7:BF:01:23:45" || got.Labels[0].WifiPassword != "secretWord9" || len(got.Labels[0].Issues) != 1 {
		t.Fatalf("%+v", got)
	}
	if l := got.Labels[0]; len(l.Barcodes) != 1 || l.SerialNumber+l.GPONSerial == "" {
		t.Errorf("what was decoded (%s) is missing: %+v", value, l)
	}
	if strings.Contains(b.logs.String(), "secretWord9") {
		t.Error("a password was logged")
	}
}

// The same picture with the same key is paid for once, also as a form, whose
// boundary is another each time.
func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	b := newBench(t, set{cfg: plenty()})
	b.sim.Answer(geminisim.Order{JSON: json.RawMessage(`{"codes":[{"value":"AB123456","kind":"serial","confidence":1}]}`), Next: 2})
	form := func() answer {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		part, _ := w.CreateFormFile("image", "photo.jpg")
		_, _ = part.Write(wall(320, 240))
		_ = w.Close()
		return b.send(t, "/vision/barcodes", tech, &body, "Content-Type", w.FormDataContentType(), "Idempotency-Key", "form-1")
	}
	for _, ask := range []func() answer{
		form, func() answer {
			return b.post(t, "/vision/barcodes", tech, shot(wall(320, 240)), "Idempotency-Key", "json-1")
		},
	} {
		first, again := ask(), ask()
		if first.status != http.StatusOK || again.text != first.text || again.header.Get("Idempotent-Replay") != "true" {
			t.Errorf("%d %s, then %d %s", first.status, first.text, again.status, again.text)
		}
	}
	if got := len(b.sim.Asked()); got != 2 {
		t.Errorf("Gemini was asked %d times for two keys", got)
	}
}

// Who leaves before the answer finds it when he asks again.
func TestWhoLeavesFindsTheAnswerLater(t *testing.T) {
	t.Parallel()
	b := newBench(t, set{cfg: plenty()})
	b.sim.Control().Fail(simkit.Fault{Delay: 300 * time.Millisecond})
	raw, _ := json.Marshal(shot(wall(320, 240)))
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/vision/barcodes", bytes.NewReader(raw))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Test-Role", tech)
	r.Header.Set("Idempotency-Key", "photo-1")
	client := &http.Client{Timeout: 150 * time.Millisecond}
	if resp, err := client.Do(r); err == nil {
		_ = resp.Body.Close()
		t.Fatal("it was answered too soon for this test")
	}
	a := b.post(t, "/vision/barcodes", tech, shot(wall(320, 240)), "Idempotency-Key", "photo-1")
	if a.status != http.StatusOK || a.header.Get("Idempotent-Replay") != "true" || len(b.sim.Asked()) != 1 {
		t.Errorf("%d %s, Gemini asked %d times", a.status, a.text, len(b.sim.Asked()))
	}
	client.CloseIdleConnections()
}
