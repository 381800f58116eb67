// Package vision reads the photos of technicians and of the office: the codes on a
// device, the whole label of a device, a supplier's invoice. Codes are decoded by
// the hub itself first, which costs nothing and needs no key; what that does not
// find, and texts, Gemini reads. What was read is normalised and judged before it
// is answered, and an invoice can be entered as a draft.
//
// Routes (staff and technicians): POST /vision/barcodes, which answers within seven
// seconds whatever Gemini does; POST /vision/equipment; POST /vision/invoice. All
// take {"image": "<base64>"} or a form with a file called image, and keep the
// answer for an Idempotency-Key.
//
// Events: none. Systems called: Gemini through a Reader; ERPNext for drafts
// (Supplier, Purchase Invoice, Company, File). It remembers how many pictures were
// read today and, for ten minutes in memory, what was read too late for its caller:
// who sends the same picture again is given it. Pictures are neither logged nor
// kept, unless the settings hang that of an invoice on its draft.
package vision

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"gigafibre.ca/targo-hub/connectors/gemini"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/photo"
	"gigafibre.ca/targo-hub/hub/vision/draft"
	"gigafibre.ca/targo-hub/hub/vision/picture"
	"gigafibre.ca/targo-hub/hub/vision/reading"
	"gigafibre.ca/targo-hub/hub/vision/spend"
	"gigafibre.ca/targo-hub/hub/vision/waiting"
	"gigafibre.ca/targo-hub/hub/web"
)

// Reader reads what the hub cannot decode: a *gemini.Client.
type Reader interface {
	Read(ctx context.Context, q gemini.Question) (gemini.Answer, error)
}

// Deps is what a desk works with.
type Deps struct {
	Reader  Reader               // nil without a key: codes are still decoded
	ERPNext *erpnext.Client      // nil: no drafts
	Store   spend.Values         // where the counts of the day are kept
	Metrics *prometheus.Registry // nil for none
	Now     func() time.Time     // nil for the clock on the wall
	Log     *slog.Logger         // nil for none
}

// Desk reads pictures.
type Desk struct {
	deps     Deps
	keep     bool
	patterns reading.Patterns
	purse    *spend.Purse
	books    *draft.Desk // nil without ERPNext
	meter    *meter
	log      *slog.Logger
	times    times
	room     waiting.Room
	seats    *semaphore.Weighted // for pictures in the hands of the hub itself: one a core
	queue    atomic.Int64        // that wait for a seat
}

// NewDesk makes a desk; it fails when the settings are wrong.
func NewDesk(cfg Config, deps Deps) (*Desk, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	patterns, err := reading.ParsePatterns(cfg.Patterns)
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	d := &Desk{
		deps: deps, keep: cfg.KeepImages, patterns: patterns, meter: newMeter(deps.Metrics), log: deps.Log,
		times: usual, seats: semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0))),
		purse: spend.New(deps.Store, spend.Limits{Person: cfg.PerPerson, Total: cfg.PerDay}, deps.Now),
	}
	if deps.ERPNext != nil {
		d.books = draft.New(deps.ERPNext, cfg.Books, deps.Now)
	}
	return d, err
}

// times say how long a caller waits once his picture is there, and how long the work
// goes on for him to find it done when he asks again.
type times struct {
	barcodes, equipment, invoice waiting.Limits
	busy                         time.Duration // codes are looked for no longer while others wait for the seat
}

// Phones give a code up after eight seconds.
var usual = times{
	barcodes:  waiting.Limits{Answer: 6200 * time.Millisecond, Work: 20 * time.Second},
	equipment: waiting.Limits{Answer: 16 * time.Second, Work: 30 * time.Second},
	invoice:   waiting.Limits{Answer: 30 * time.Second, Work: 45 * time.Second},
	busy:      700 * time.Millisecond,
}

// uploadBudget is that of the whole request, over a bad network.
const uploadBudget = 75 * time.Second

// Mount registers the routes.
func (d *Desk) Mount(r *web.Router) {
	const body = "JSON `{image: \"<base64 or data URL>\"}` or a form with a file `image`; JPEG, PNG or WebP, at most 12 MiB as it is sent. "
	about := func(id, summary, description string, shape any) web.Doc {
		return web.Doc{
			ID: id, Summary: summary, Description: body + description, Tag: "vision", Body: echo.MIMEApplicationJSON, Shape: shape,
			MaxBody: photo.MaxBytes, Calls: true, Idempotent: true, Budget: uploadBudget,
		}
	}
	who := web.Staff.Or(web.Technician)
	r.Handle(http.MethodPost, "/vision/barcodes", who, serve(d, d.times.barcodes, d.barcodes), about("read-barcodes", "Read the codes of a picture",
		"At most three codes, those that name a device first. Decoded by the hub (`engine: local`); Gemini reads what it cannot find. Always answers within 7 s of the picture's arrival: 504 `vision_timeout` means that the same picture may be sent again: what was read meanwhile is answered then.", Barcodes{}))
	r.Handle(http.MethodPost, "/vision/equipment", who, serve(d, d.times.equipment, d.equipment), about("read-equipment", "Read the labels of devices",
		"At most five labels, read by Gemini; passwords are answered as they are printed.", Equipment{}))
	r.Handle(http.MethodPost, "/vision/invoice", who, serve(d, d.times.invoice, d.invoice), about("read-invoice", "Read a supplier's invoice",
		"Header, lines and taxes as printed; `issues` says what does not add up. With `draft: true` (staff only) a draft Purchase Invoice is entered in ERPNext, once per supplier and number; `supplier` names the Supplier where it cannot be told. Nothing is submitted.", Invoice{}))
}

// serve reads the picture of a request and answers with what was made of it. The
// work goes on when the caller has left: he will ask again, and it is paid for.
func serve[T any](d *Desk, l waiting.Limits, read func(ctx context.Context, o picture.Order) (T, error)) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if actor := hub.ActorOf(r.Context()); actor.Role == hub.RoleTechnician && !access.May(actor, access.Scan) {
			return hub.Fail(hub.Forbidden, "forbidden", "The link does not allow to read pictures.", nil)
		}
		order, err := picture.Take(r)
		if err != nil {
			return err
		}
		out, err := waiting.Do(r.Context(), &d.room, same(r, order), l, func(ctx context.Context) (T, error) { return read(ctx, order) })
		if err != nil {
			return explained(err)
		}
		return c.JSON(http.StatusOK, out)
	}
}

// same names the work: the same person asks for the same of the same picture.
func same(r *http.Request, o picture.Order) string {
	sum := sha256.Sum256(o.Raw)
	return fmt.Sprintf("%s %s %t %q %x", hub.ActorOf(r.Context()), r.URL.Path, o.Draft, o.Supplier, sum)
}

func tooLate(cause error) error {
	return hub.Fail(hub.Timeout, "vision_timeout", "The picture could not be read in time. Send it again.", cause, hub.AsRetryable())
}
