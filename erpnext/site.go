package erpnext

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"

	"gigafibre.ca/targo-hub/erpnext/check"
	"gigafibre.ca/targo-hub/erpnext/fault"
	"gigafibre.ca/targo-hub/erpnext/meta"
	"gigafibre.ca/targo-hub/erpnext/pass"
	"gigafibre.ca/targo-hub/erpnext/rest"
	"gigafibre.ca/targo-hub/erpnext/retry"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/charge"
)

// Profile is the generation of Frappe that the site runs, V15 or V16.
type Profile = rest.Profile

// The generations; a newer site is asked like V16.
const (
	V15 = rest.V15
	V16 = rest.V16
)

// traits is what the client learned about the site. Each is asked for once, when
// it is needed first; a question that failed is asked again the next time.
type traits struct {
	profile atomic.Int32 // a Profile; 0 is not known
	noBulk  atomic.Bool  // the site has no bulk_update of its own
	noCopy  atomic.Bool  // nor makes copies
	zone    atomic.Pointer[time.Location]
}

// Pass is a request of a caller that is passed through to ERPNext.
type Pass = pass.Pass

// Forward passes a request through with the hub's credentials in place of the
// caller's. Nothing is tried again. Answers stream, and so do uploads; the body of
// any other write is read whole first, for the guard to see what it would do. An
// answer of any status comes back as it is, its body to be closed by the caller;
// an error is a *connectors.Error, or the refusal of the guard. Breaker, bulkheads, time-out and metrics are those
// of the client's own calls.
func (c *Client) Forward(ctx context.Context, p Pass) (*http.Response, error) {
	op := "forward.write"
	if p.Method == http.MethodGet || p.Method == http.MethodHead {
		op = "forward.read"
	}
	said, err := p.Said()
	if err != nil {
		return nil, c.kit.Local(op, err)
	}
	if err := charge.Ask(ctx, c.guard, charge.Request{Method: p.Method, Target: p.Target, Type: p.Header.Get("Content-Type"), Body: said}); err != nil {
		return nil, err
	}
	r, err := p.Request(ctx, c.site)
	if err != nil {
		return nil, c.kit.Local(op, err)
	}
	r.Header["Authorization"] = []string{c.auth} // a name that need not be made canonical
	if id := hub.RequestID(ctx); id != "" {
		r.Header["X-Frappe-Request-Id"] = []string{id}
	}
	return c.kit.Stream(ctx, op, r)
}

// Refusal reads the body of an answer of Forward with a status of 400 or more.
func (c *Client) Refusal(status int, body []byte) *Error {
	return fault.Decode(status, body, c.site.Hostname())
}

// LoggedUser asks ERPNext who the hub is: the probe of the credentials.
func (c *Client) LoggedUser(ctx context.Context) (string, error) {
	var user string
	err := c.send(ctx, call{op: "user.probe", method: http.MethodGet, tries: retry.Reading,
		path: rest.MethodPath("frappe.auth.get_logged_user"), member: "message"}, &user)
	return user, wrap(err, "asking who the hub is", "")
}

// SchedulerPaused asks whether ERPNext's own scheduler stands still: paused in the
// site's configuration (pause_scheduler), in maintenance, or switched off in its
// settings. Every user of the site may ask.
func (c *Client) SchedulerPaused(ctx context.Context) (bool, error) {
	var answer struct {
		Status string `json:"status"`
	}
	err := c.send(ctx, call{op: "scheduler.probe", method: http.MethodGet, tries: retry.Reading,
		path: rest.MethodPath("frappe.utils.scheduler.get_scheduler_status"), member: "message"}, &answer)
	if err == nil && answer.Status != "active" && answer.Status != "inactive" {
		err = unreadable(errors.New("the scheduler is neither active nor inactive"))
	}
	return answer.Status != "active", wrap(err, "asking whether the scheduler runs", "")
}

// Profile tells which generation the site is. A site that does not tell its
// version to the hub's user is known by how it refuses what is no JSON.
func (c *Client) Profile(ctx context.Context) (Profile, error) {
	if p := Profile(c.profile.Load()); p != 0 {
		return p, nil
	}
	var apps map[string]struct {
		Version string `json:"version"`
	}
	err := c.send(ctx, call{op: "version.probe", method: http.MethodGet, tries: retry.Reading,
		path: rest.MethodPath("frappe.utils.change_log.get_versions"), member: "message"}, &apps)
	p, ok := rest.ProfileOf(apps["frappe"].Version)
	if e := find(err); !ok && (e == nil || !e.Retryable) {
		p, ok, err = c.shape(ctx)
	}
	if !ok {
		if err == nil {
			err = refuse("the site is of no known version")
		}
		return 0, wrap(err, "asking for the version", "")
	}
	c.profile.Store(int32(p))
	return p, nil
}

// shape sends what is no JSON; each generation refuses it in its own way.
func (c *Client) shape(ctx context.Context) (p Profile, ok bool, err error) {
	err = c.send(ctx, call{op: "shape.probe", method: http.MethodPost, tries: retry.Reading, path: rest.MethodPath("ping"),
		form: func(r *resty.Request) {
			r.SetHeader("Content-Type", "application/json")
			r.SetBody([]byte(rest.BrokenBody))
		}}, nil)
	if e := find(err); e != nil {
		p, ok = rest.ProfileOfRefusal(e.ExcType)
	}
	return p, ok, err
}

// reprobe asks for the version anew; known is kept when that fails.
func (c *Client) reprobe(ctx context.Context, known Profile) Profile {
	c.profile.Store(0)
	if p, err := c.Profile(ctx); err == nil {
		return p
	}
	c.profile.Store(int32(known))
	return known
}

// Zone is the zone of the site's clock, in which it writes all times.
func (c *Client) Zone(ctx context.Context) (*time.Location, error) {
	if zone := c.zone.Load(); zone != nil {
		return zone, nil
	}
	name, err := c.TimeZone(ctx)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("reading the zone of the site: %w", err)
	}
	c.zone.Store(zone)
	return zone, nil
}

// TimeZone asks for the name of that zone, "America/Toronto". Who may not read
// the settings of the site hears his own user's zone, which should be the same.
func (c *Client) TimeZone(ctx context.Context) (string, error) {
	probe := call{op: "zone.probe", method: http.MethodGet, tries: retry.Reading, member: "message", optional: true}
	var zone string
	probe.path = rest.MethodPath("frappe.client.get_single_value") + "?doctype=System%20Settings&field=time_zone"
	err := c.send(ctx, probe, &zone)
	if err == nil && zone != "" {
		return zone, nil
	}
	if err != nil && !IsPermission(err) && !IsValidation(err) {
		return "", wrap(err, "asking for the time zone", "")
	}
	var own struct {
		TimeZone string `json:"time_zone"`
	}
	probe.path = rest.MethodPath("frappe.client.get_time_zone")
	err = c.send(ctx, probe, &own)
	return own.TimeZone, wrap(err, "asking for the time zone", "")
}

// Meta reads how a doctype is made on the site, custom fields included, and
// with it its child tables.
func (c *Client) Meta(ctx context.Context, doctype string) ([]meta.DocType, error) {
	var answer struct {
		Docs []meta.DocType `json:"docs"`
	}
	path := rest.MethodPath("frappe.desk.form.load.getdoctype") + "?" +
		url.Values{"doctype": {doctype}, "with_parent": {"0"}}.Encode()
	err := c.send(ctx, call{op: "doctype.meta", method: http.MethodGet, tries: retry.Reading, path: path}, &answer)
	if err == nil && len(answer.Docs) == 0 {
		err = absent()
	}
	return answer.Docs, wrap(err, "reading doctype", doctype)
}

// PrintPDF returns a document as a PDF in a print format of the site; the
// document's standard format when none is named.
func (c *Client) PrintPDF(ctx context.Context, doctype, name, format string) ([]byte, error) {
	query := url.Values{"doctype": {doctype}, "name": {name}, "no_letterhead": {"0"}}
	if format != "" {
		query.Set("format", format)
	}
	raw, err := c.pdf(ctx, "print.get", rest.MethodPath("frappe.utils.print_format.download_pdf")+"?"+query.Encode())
	return raw, wrap(err, "printing", doctype+" "+name)
}

// FileContent returns the PDF behind a file_url of the site ("/private/files/…").
func (c *Client) FileContent(ctx context.Context, fileURL string) ([]byte, error) {
	u := url.URL{Path: fileURL}
	raw, err := c.pdf(ctx, "file.get", u.EscapedPath())
	return raw, wrap(err, "reading file", fileURL)
}

// Picture returns the picture behind a file_url of the site ("/private/files/…",
// "/files/…"). What is no picture by its first bytes is unreadable.
func (c *Client) Picture(ctx context.Context, fileURL string) ([]byte, error) {
	u := url.URL{Path: fileURL}
	raw, err := c.get(ctx, "picture.get", u.EscapedPath(), "image/*", func(body []byte) bool {
		return strings.HasPrefix(http.DetectContentType(body), "image/")
	})
	return raw, wrap(err, "reading picture", fileURL)
}

// pdf gets a PDF.
func (c *Client) pdf(ctx context.Context, op, path string) ([]byte, error) {
	return c.get(ctx, op, path, "application/pdf", func(body []byte) bool { return bytes.HasPrefix(body, []byte("%PDF-")) })
}

// get gets a file of a kind. A page with status 200 is not one.
func (c *Client) get(ctx context.Context, op, path, kind string, fits func(body []byte) bool) ([]byte, error) {
	answer, err := c.kit.Do(ctx, op, http.MethodGet, path, func(r *resty.Request) {
		c.identify(ctx, r, kind+", application/json")
	})
	if err == nil && !fits(answer.Body()) {
		err = c.kit.Unreadable(op, http.MethodGet, answer.StatusCode(), errors.New("not "+kind))
	}
	if err != nil {
		return nil, c.failure(err)
	}
	return answer.Body(), nil
}

// Finding is what Check has to say to an operator.
type Finding = check.Finding

// The levels of findings.
const (
	Fine    = check.Fine
	Warning = check.Warning
	Fault   = check.Fault // the hub cannot do its work
)

// Check asks the site whether it is as the hub needs it: reachable, the token
// good, every doctype and field there in a form that fits, webhooks to the hub
// signed with the hub's secret. It changes nothing. Findings come in a fixed
// order; without a Fault the hub can work.
func Check(ctx context.Context, c *Client) []Finding {
	s := &check.Survey{Site: c, Cause: cause, Needs: needed(), Hooks: check.Hooks{List: c.hooks, Secret: c.hookSecret, Want: c.proof.Reveal()}}
	return s.Run(ctx)
}

// needed lists ERPNext's own doctypes that the hub reads or extends, parents
// before their child tables, behind the hub's own.
func needed() []check.Need {
	system := append(rest.Columns(Doc{}), rest.Columns(Row{})...)
	return check.Needs([]check.Stock{
		{Doctype: "Quotation", Reads: Quotation{}}, {Doctype: "Quotation Item", Reads: QuotationItem{}},
		{Doctype: "Sales Taxes and Charges", Reads: TaxRow{}}, {Doctype: "Customer", Reads: Customer{}}, {Doctype: "Issue", Reads: Issue{}},
		{Doctype: "Communication", Reads: Communication{}}, {Doctype: "File", Reads: File{}}, {Doctype: "Item", Reads: Item{}},
		{Doctype: "Sales Order", Reads: Row{}}, {Doctype: "Sales Order Item", Reads: Row{}},
		{Doctype: "Sales Invoice", Reads: SalesInvoice{}}, {Doctype: "Sales Invoice Item", Reads: SalesInvoiceItem{}},
		{Doctype: "Warehouse", Reads: Warehouse{}}, {Doctype: "Stock Entry", Reads: StockEntry{}}, {Doctype: "Stock Entry Detail", Reads: StockEntryItem{}},
		{Doctype: "Bin", Reads: Bin{}}, {Doctype: "ToDo", Reads: ToDo{}},
		{Doctype: "Supplier", Reads: Supplier{}}, {Doctype: "Purchase Invoice", Reads: PurchaseInvoice{}},
		{Doctype: "Purchase Invoice Item", Reads: PurchaseInvoiceItem{}}, {Doctype: "Purchase Taxes and Charges", Reads: PurchaseTax{}},
	}, system)
}

func (c *Client) hooks(ctx context.Context) ([]check.Hook, error) {
	return List[check.Hook](ctx, c, Query{Doctype: "Webhook"})
}

// hookSecret is for the eyes of System Managers only.
func (c *Client) hookSecret(ctx context.Context, name string) (string, error) {
	var secret string
	err := c.send(ctx, call{op: "webhook.secret", method: http.MethodPost, tries: retry.Reading,
		path: rest.MethodPath("frappe.client.get_password"), member: "message",
		body: map[string]string{"doctype": "Webhook", "name": name, "fieldname": "webhook_secret"}}, &secret)
	return secret, err
}
