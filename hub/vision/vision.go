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
// read today. Pictures are neither logged nor kept, unless the settings hang that
// of an invoice on its draft.
package vision

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/connectors/gemini"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/photo"
	"gigafibre.ca/targo-hub/hub/vision/draft"
	"gigafibre.ca/targo-hub/hub/vision/picture"
	"gigafibre.ca/targo-hub/hub/vision/reading"
	"gigafibre.ca/targo-hub/hub/vision/spend"
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
		purse: spend.New(deps.Store, spend.Limits{Person: cfg.PerPerson, Total: cfg.PerDay}, deps.Now),
	}
	if deps.ERPNext != nil {
		d.books = draft.New(deps.ERPNext, cfg.Books, deps.Now)
	}
	return d, err
}

// How long an answer may take once the picture is there. Phones give a code up
// after eight seconds.
const (
	barcodesBudget  = 6200 * time.Millisecond
	equipmentBudget = 16 * time.Second
	invoiceBudget   = 30 * time.Second
	grace           = 300 * time.Millisecond // for work to notice that its time is over
	uploadBudget    = 75 * time.Second       // of the whole request, over a bad network
)

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
	r.Handle(http.MethodPost, "/vision/barcodes", who, serve(barcodesBudget, d.barcodes), about("read-barcodes", "Read the codes of a picture",
		"At most three codes, those that name a device first. Decoded by the hub (`engine: local`); Gemini reads what it cannot find. Always answers within 7 s of the picture's arrival: 504 `vision_timeout` means that the same picture may be sent again.", Barcodes{}))
	r.Handle(http.MethodPost, "/vision/equipment", who, serve(equipmentBudget, d.equipment), about("read-equipment", "Read the labels of devices",
		"At most five labels, read by Gemini; passwords are answered as they are printed.", Equipment{}))
	r.Handle(http.MethodPost, "/vision/invoice", who, serve(invoiceBudget, d.invoice), about("read-invoice", "Read a supplier's invoice",
		"Header, lines and taxes as printed; `issues` says what does not add up. With `draft: true` (staff only) a draft Purchase Invoice is entered in ERPNext, once per supplier and number; `supplier` names the Supplier where it cannot be told. Nothing is submitted.", Invoice{}))
}

// scan is a technician's right to read pictures.
const scan = "scan"

// serve reads the picture of a request and answers with what was made of it. The
// work goes on when the caller has left: he will ask again with the same key, and
// it is paid for.
func serve[T any](budget time.Duration, read func(ctx context.Context, o picture.Order) (T, error)) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if actor := hub.ActorOf(r.Context()); actor.Role == hub.RoleTechnician && !access.May(actor, scan) {
			return hub.Fail(hub.Forbidden, "forbidden", "The link does not allow to read pictures.", nil)
		}
		order, err := picture.Take(r)
		if err != nil {
			return err
		}
		out, err := within(context.WithoutCancel(r.Context()), budget, func(ctx context.Context) (T, error) { return read(ctx, order) })
		if err != nil {
			return explained(err)
		}
		return c.JSON(http.StatusOK, out)
	}
}

// within ends with its budget even if a step of the work does not listen.
func within[T any](ctx context.Context, budget time.Duration, work func(context.Context) (T, error)) (T, error) {
	type result struct {
		out T
		err error
	}
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if v := recover(); v != nil {
				r.err = hub.Recovered(v)
			}
			done <- r
		}()
		r.out, r.err = work(ctx)
	}()
	late := time.NewTimer(budget + grace)
	defer late.Stop()
	select {
	case r := <-done:
		return r.out, r.err
	case <-late.C:
		var none T
		return none, tooLate(errors.New("the work did not end with its time"))
	}
}

func tooLate(cause error) error {
	return hub.Fail(hub.Timeout, "vision_timeout", "The picture could not be read in time. Send it again.", cause, hub.AsRetryable())
}
