// Package accept carries a quotation from the offer to the work: it makes the
// link or the DocuSeal envelope, shows the page, takes the signature and sees to
// it that everything that must follow exists exactly once.
//
// Routes: POST /accept/generate, GET and POST /accept/{jwt}, GET /accept/{jwt}/pdf,
// POST /accept/confirm, POST /accept/decline, GET /accept/{quotation}/state, GET /accept/{quotation}/qr.
// DocuSeal's webhook arrives at the door (package webhooks) and is handed to
// Desk.Signed.
// Events: quotation.sent, quotation.accepted, quotation.declined.
// Systems called: ERPNext, DocuSeal.
// Remembers: one job per signed quotation (the evidence and its tries), how its
// steps stand, and for a minute that an envelope is being made.
package accept

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/web"
)

//go:embed texts pages
var files embed.FS

// Track is the way in which a quotation is signed.
type Track string

// The tracks: a link of the hub, or an envelope of DocuSeal.
const (
	Residential Track = "residential"
	Commercial  Track = "commercial"
	Project     Track = "project"
)

// Sale is what a signature sold: what the planner of jobs needs to know.
type Sale struct {
	Contract, Issue, Customer, Location, Place, Template string
	WizardSteps                                          string // JSON, may be empty
}

// Store is what the desk needs of hub/keep.
type Store interface {
	keep.Queue
	keep.Desk
	keep.Lists
	keep.Values
	keep.Trail
}

// News tells the ops app what happened.
type News interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Mail takes messages to customers.
type Mail interface {
	Queue(ctx context.Context, m outbox.Message) (outbox.Entry, error)
}

// Config is the accept part of the settings.
type Config struct {
	PrintFormat string `yaml:"print_format" env:"PRINT_FORMAT" default:"Soumission TARGO" doc:"ERPNext print format of the PDF that customers read; the site's standard one when it has none of this name"`
}

// Deps is what the desk works with. ERPNext and DocuSeal may be nil: what needs
// them then answers that the part is switched off.
type Deps struct {
	ERPNext  *erpnext.Client
	DocuSeal *docuseal.Client
	Signing  docuseal.Config
	Config   Config
	Keys     *access.Keyring
	Store    Store
	News     News
	Mail     Mail
	Plan     func(ctx context.Context, s Sale) ([]string, error) // files the jobs that are not filed yet
	Public   func(path string) string                            // absolute address of a path of the hub
	Now      func() time.Time
	Log      *slog.Logger
}

// Desk is where quotations are accepted.
type Desk struct {
	erp    *erpnext.Client
	seal   *docuseal.Client
	cfg    docuseal.Config
	keys   *access.Keyring
	store  Store
	news   News
	mail   Mail
	plan   func(ctx context.Context, s Sale) ([]string, error)
	public func(path string) string
	now    func() time.Time
	log    *slog.Logger
	page   *template.Template
	format string // of the PDF
}

// NewDesk makes a desk.
func NewDesk(d Deps) (*Desk, error) {
	page, err := template.New("").Funcs(template.FuncMap{"pair": pair, "money": hub.Money.In}).ParseFS(files, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("parsing the acceptance page: %w", err)
	}
	return &Desk{
		erp: d.ERPNext, seal: d.DocuSeal, cfg: d.Signing, keys: d.Keys, store: d.Store, news: d.News, mail: d.Mail,
		plan: d.Plan, public: d.Public, now: d.Now, log: d.Log.With("part", "accept"), page: page, format: d.Config.PrintFormat,
	}, nil
}

// Texts are the messages to customers, as the outbox wants them.
func Texts() (*outbox.Texts, error) { return outbox.ParseTexts(files) }

// Mount registers the routes.
func (d *Desk) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/accept/generate", Guard: web.Staff.Or(web.Service), Tag: "accept", Calls: true,
		ID: "accept-generate", Summary: "Make the link or the envelope that the customer signs", Status: http.StatusCreated,
		Description: "Residential quotations get a link of the hub, commercial and project ones a DocuSeal envelope. A repeat answers the same one. 409 when the quotation is expired, lost, ordered, cancelled, amended or accepted.",
	}, d.generate)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/accept/confirm", Guard: web.Customer, Tag: "accept", Calls: true,
		ID: "accept-confirm", Summary: "Accept the quotation of the link",
		Description: "Keeps the evidence and answers when everything that follows exists, or after a few seconds with what exists so far. A repeat answers the same.",
	}, d.confirm)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/accept/decline", Guard: web.Customer, Tag: "accept", Calls: true,
		ID: "accept-decline", Summary: "Decline the quotation of the link; it becomes Lost",
	}, d.decline)
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/accept/{quotation}/state", Guard: web.Staff.Or(web.Service), Tag: "accept", Calls: true,
		ID: "accept-state", Summary: "How far the acceptance of a quotation is, step by step",
	}, d.state)
	r.Handle(http.MethodGet, "/accept/{quotation}/qr", web.Staff.Or(web.Service), d.qr, web.Doc{
		ID: "accept-qr", Summary: "QR code of the signing link (SVG, or PNG with ?format=png)", Tag: "accept", Calls: true, Answer: "image/svg+xml",
		Description: "The same quotation gives the same picture as long as its link stands; 409 while it has none.",
	})
	r.Handle(http.MethodGet, "/accept/{jwt}", web.Customer, d.show, web.Doc{
		ID: "accept-page", Summary: "The page on which the customer reads and signs; opening it has no effect", Tag: "accept", Calls: true,
	})
	r.Handle(http.MethodGet, "/accept/{jwt}/pdf", web.Customer, d.pdf, web.Doc{
		ID: "accept-pdf", Summary: "The quotation as ERPNext prints it", Tag: "accept", Calls: true, Answer: "application/pdf",
	})
	r.Handle(http.MethodPost, "/accept/{jwt}", web.Customer, d.submit, web.Doc{
		ID: "accept-form", Summary: "The form of the page: accept or decline, then back to the page", Tag: "accept", Calls: true,
		Body: "application/x-www-form-urlencoded", Answer: "text/html", Status: http.StatusSeeOther,
	})
}

// off says that a part needs settings that are empty.
func off(system string) error {
	return hub.Fail(hub.Unavailable, "part-off", "This needs "+system+", which is not configured.", nil)
}
