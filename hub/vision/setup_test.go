package vision_test

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/connectors/gemini"
	"gigafibre.ca/targo-hub/connectors/gemini/geminisim"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/barcode/labelpress"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/vision"
	"gigafibre.ca/targo-hub/hub/vision/draft"
	"gigafibre.ca/targo-hub/hub/web"
)

// Gemini's SDK links OpenCensus, which starts a goroutine for ever when it is
// loaded.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("go.opencensus.io/stats/view.(*worker).start"))
}

const key = "invented-key-of-google"

var founded = erpnexttest.Founded(clock, func(f *erpnexttest.Founding) {
	f.Company()
	f.Put("Supplier", map[string]any{"supplier_name": "Câbles Untel", "supplier_type": "Company", "tax_id": "123456789RT0001"})
})

func clock() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, hub.Local()) }

// bench is a desk behind its door, with the systems that it asks.
type bench struct {
	sim     *geminisim.Sim
	url     string
	metrics *prometheus.Registry
	logs    *hubtest.Log
}

// set is how a bench differs from the usual one.
type set struct {
	cfg     vision.Config
	noKey   bool
	books   bool // there is an ERPNext
	scopes  []string
	account string        // of expenses, when not the usual one
	hurry   time.Duration // how long callers wait, when not as usual; work goes on three times as long
}

func newBench(t *testing.T, s set) *bench {
	t.Helper()
	b := &bench{sim: geminisim.New(geminisim.Options{APIKey: key}), metrics: prometheus.NewRegistry(), logs: &hubtest.Log{}}
	upstream := httptest.NewServer(b.sim)
	t.Cleanup(func() { upstream.Close(); b.sim.Close() })
	log := slog.New(slog.NewJSONHandler(b.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	store := hubtest.Store(t)
	deps := vision.Deps{Store: store, Metrics: b.metrics, Now: clock, Log: log}
	if s.books {
		deps.ERPNext = erpnexttest.Client(t, erpnexttest.Serve(t, erpnexttest.Site(t, founded[erpnextsim.V16], clock)), nil)
	}
	if !s.noKey {
		client, err := gemini.New(gemini.Config{APIKey: key, BaseURL: upstream.URL, Timeout: 20 * time.Second}, nil)
		if err != nil {
			t.Fatal(err)
		}
		deps.Reader = client
	}
	s.cfg.Books = draft.Config{Company: "TARGO", ExpenseAccount: cmp.Or(s.account, "Coût des ventes - T"), GSTAccount: "TPS - T", QSTAccount: "TVQ - T"}
	desk, err := vision.NewDesk(s.cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	if s.hurry > 0 {
		desk.Hurry(s.hurry, 3*s.hurry)
	}
	edge, err := web.NewServer(web.Config{Listen: "127.0.0.1:0", MetricsListen: "off"}, web.Deps{Verifier: hubtest.Door{Scopes: s.scopes}, Memory: store, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	desk.Mount(edge.Router())
	b.url = erpnexttest.Serve(t, edge.Handler())
	return b
}

func plenty() vision.Config { return vision.Config{PerPerson: 50, PerDay: 50} }

// answer is what the hub said.
type answer struct {
	status int
	header http.Header
	text   string
}

func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.text), v); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.text, err)
	}
}

func (b *bench) post(t *testing.T, path, who string, body any, headers ...string) answer {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return b.send(t, path, who, bytes.NewReader(raw), append([]string{"Content-Type", "application/json"}, headers...)...)
}

func (b *bench) send(t *testing.T, path, who string, body io.Reader, headers ...string) answer {
	t.Helper()
	header := map[string]string{hubtest.RoleHeader: who}
	for i := 0; i < len(headers); i += 2 {
		header[headers[i]] = headers[i+1]
	}
	got := hubtest.Send(t, http.MethodPost, b.url+path, body, header)
	return answer{got.Status, got.Header, got.Body}
}

// shot wraps a picture as the routes take it.
func shot(raw []byte, more ...any) map[string]any {
	m := map[string]any{"image": base64.StdEncoding.EncodeToString(raw)}
	for i := 0; i < len(more); i += 2 {
		m[more[i].(string)] = more[i+1]
	}
	return m
}

// label is a photo with one code that is easily read, and what it says.
var label = sync.OnceValues(func() ([]byte, string) {
	p := labelpress.Print(7, labelpress.Order{Tier: labelpress.Easy, Formats: []string{labelpress.Code128}, Width: 860, Height: 340})
	return p.JPEG, p.Codes[0].Value
})

// wall is a photo on which nothing can be decoded.
func wall(width, height int) []byte {
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = uint8(128 + i%width*40/width)
	}
	img.SetGray(3, 3, color.Gray{200})
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, nil)
	return b.Bytes()
}

// counted gives a counter's value, of the labels in the order of the source.
func (b *bench) counted(t *testing.T, name string, labels ...string) float64 {
	t.Helper()
	families, err := b.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			found := true
			for _, pair := range m.GetLabel() {
				found = found && strings.Contains(" "+strings.Join(labels, " ")+" ", " "+pair.GetValue()+" ")
			}
			if found {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}
