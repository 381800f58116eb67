package draft_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/vision/bill"
	"gigafibre.ca/targo-hub/hub/vision/draft"
)

var founded = erpnexttest.Founded(clock, func(f *erpnexttest.Founding) {
	f.Company()
	for _, s := range []map[string]any{
		{"supplier_name": "Câbles Untel Inc.", "tax_id": "123456789 RT 0001"},
		{"supplier_name": "Outils du Nord", "tax_id": "987654321RT0001 / 1234567890TQ0001"},
		{"supplier_name": "Outils du Sud"},
		{"supplier_name": "Vieille Maison", "tax_id": "222222222RT0001", "disabled": 1},
	} {
		s["supplier_type"] = "Company"
		f.Put("Supplier", s)
	}
})

func clock() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, hub.Local()) }

// office is a desk with its site, and a line that can lose replies.
type office struct {
	site *erpnextsim.Site
	url  string
	erp  *erpnext.Client
	desk *draft.Desk
	lose atomic.Int32 // so many replies to writes
}

func books() draft.Config {
	return draft.Config{Company: "TARGO", ExpenseAccount: "Coût des ventes - T", GSTAccount: "TPS - T", QSTAccount: "TVQ - T", UOM: "Nos"}
}

func open(t *testing.T, cfg draft.Config) *office {
	t.Helper()
	o := &office{site: erpnexttest.Site(t, founded[erpnextsim.V16], clock)}
	o.url = erpnexttest.Serve(t, http.HandlerFunc(o.line))
	o.erp = erpnexttest.Client(t, o.url, nil)
	o.desk = draft.New(o.erp, cfg, clock)
	return o
}

func (o *office) line(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && o.lose.Add(-1) >= 0 {
		o.site.ServeHTTP(&nowhere{}, r)
		panic(http.ErrAbortHandler)
	}
	o.site.ServeHTTP(w, r)
}

type nowhere struct{ h http.Header }

func (n *nowhere) Header() http.Header {
	if n.h == nil {
		n.h = http.Header{}
	}
	return n.h
}
func (n *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n *nowhere) WriteHeader(int)             {}

func read(t *testing.T, raw string) bill.Bill {
	t.Helper()
	b, err := bill.Parse(json.RawMessage(raw))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const paper = `{"supplier":"CABLES UNTEL","supplier_tax_ids":{"gst":"123456789RT0001"},"invoice_number":"F-1001","invoice_date":"2026-11-20","due_date":"2026-12-20",
	"lines":[{"description":"Câble <b>6</b>","qty":2,"unit_price":45.125,"amount":90.25,"item_code":"C-9"},{"description":"Pose","qty":1,"unit_price":9.75,"amount":9.75}],
	"subtotal":100,"shipping":10,"gst":5.5,"qst":10.97,"total":126.47}`

func (o *office) enter(t *testing.T, b bill.Bill, supplier string) draft.Entry {
	t.Helper()
	e, err := o.desk.Enter(t.Context(), b, supplier)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (o *office) all(t *testing.T) []erpnext.PurchaseInvoice {
	t.Helper()
	all, err := erpnext.List[erpnext.PurchaseInvoice](t.Context(), o.erp, erpnext.Query{Doctype: "Purchase Invoice", OrderBy: "creation"})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestADraftSaysWhatThePaperSays(t *testing.T) {
	t.Parallel()
	o := open(t, books())
	e := o.enter(t, read(t, paper), "")
	if e.Status != "draft" || e.Supplier != "Câbles Untel Inc." || e.MatchedBy != "tax_id" || len(e.Issues) > 0 {
		t.Fatalf("%+v", e)
	}
	doc, err := erpnext.Get[erpnext.PurchaseInvoice](t.Context(), o.erp, "Purchase Invoice", e.Invoice)
	if err != nil {
		t.Fatal(err)
	}
	if doc.DocStatus != erpnext.Draft || doc.BillNo != "F-1001" || doc.BillDate != "2026-11-20" || doc.DueDate != "2026-12-20" || doc.GrandTotal.String() != "126.47" || doc.NetTotal.String() != "100.00" {
		t.Errorf("%+v", doc)
	}
	if got := doc.Items[0]; got.Qty.String() != "1" || got.Rate.String() != "90.25" || !strings.Contains(got.Description, "&lt;b&gt;6&lt;/b&gt; (C-9)") || !strings.Contains(got.Description, "2 × 45.125") {
		t.Errorf("a price with three decimals became %+v", got)
	}
	if len(doc.Taxes) != 3 || doc.Taxes[0].Description != "Livraison" || doc.Taxes[1].AccountHead != "TPS - T" || doc.Taxes[2].TaxAmount.String() != "10.97" {
		t.Errorf("%+v", doc.Taxes)
	}
}

// Whoever sends it again, and whatever is lost on the way, it is entered once;
// once it was cancelled it may be entered anew.
func TestOnce(t *testing.T) {
	t.Parallel()
	o := open(t, books())
	o.lose.Store(1)
	first := o.enter(t, read(t, paper), "")
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			desk := o.desk
			if i%2 == 0 { // another hub
				desk = draft.New(erpnexttest.Client(t, o.url, nil), books(), clock)
			}
			e, err := desk.Enter(t.Context(), read(t, strings.Replace(paper, "F-1001", "f-1001", 1)), "")
			if err != nil || e.Invoice != first.Invoice || e.Status != "duplicate" {
				t.Errorf("%+v %v", e, err)
			}
		})
	}
	all.Wait()
	if got := o.all(t); len(got) != 1 {
		t.Fatalf("%d invoices", len(got))
	}
	if err := o.erp.Submit(t.Context(), "Purchase Invoice", first.Invoice); err != nil {
		t.Fatal(err)
	}
	if e := o.enter(t, read(t, paper), ""); e.Status != "duplicate" {
		t.Errorf("%+v", e)
	}
	if err := o.erp.Cancel(t.Context(), "Purchase Invoice", first.Invoice); err != nil {
		t.Fatal(err)
	}
	if e := o.enter(t, read(t, paper), ""); e.Status != "draft" || e.Invoice == first.Invoice {
		t.Errorf("after it was cancelled: %+v", e)
	}
}

func TestWhoseInvoiceItIs(t *testing.T) {
	t.Parallel()
	o := open(t, books())
	for _, test := range []struct {
		name, gst, qst, named string
		want                  draft.Entry
	}{
		{"Rien à voir", "", "1234567890TQ0001", "", draft.Entry{Supplier: "Outils du Nord", MatchedBy: "tax_id"}},
		{"cables untel, inc", "", "", "", draft.Entry{Supplier: "Câbles Untel Inc.", MatchedBy: "name"}},
		{"Quincaillerie Inconnue", "", "", "", draft.Entry{Issues: []string{draft.IssueUnknown}}},
		{"Outils", "", "", "", draft.Entry{Issues: []string{draft.IssueAmbiguous}, Candidates: []draft.Candidate{{"Outils du Nord", "Outils du Nord"}, {"Outils du Sud", "Outils du Sud"}}}},
		{"Outils", "", "", "Outils du Sud", draft.Entry{Supplier: "Outils du Sud", MatchedBy: "caller"}},
		{"Vieille Maison", "222222222RT0001", "", "", draft.Entry{Issues: []string{draft.IssueUnknown}}}, // disabled
		{"", "", "", "", draft.Entry{Issues: []string{draft.IssueUnknown}}},
		{"%", "", "", "", draft.Entry{Issues: []string{draft.IssueUnknown}}},
	} {
		b := read(t, paper)
		b.Supplier, b.TaxIDs, b.InvoiceNumber = test.name, bill.TaxIDs{GST: test.gst, QST: test.qst}, ""
		test.want.Status = "not_entered"
		if test.want.Candidates == nil {
			test.want.Candidates = []draft.Candidate{}
		}
		if test.want.Supplier != "" {
			test.want.Issues = []string{draft.IssueNumber} // without one it is entered by nobody
		}
		if diff := cmp.Diff(test.want, o.enter(t, b, test.named)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
	for _, named := range []string{"Personne", "Vieille Maison"} {
		if _, err := o.desk.Enter(t.Context(), read(t, paper), named); !hub.IsKind(err, hub.Invalid) {
			t.Errorf("%s: %v", named, err)
		}
	}
	if got := o.all(t); len(got) != 0 {
		t.Errorf("%d invoices", len(got))
	}
}

// What ERPNext would refuse is left out; what has no account is left out and said.
func TestPoorPaper(t *testing.T) {
	t.Parallel()
	cfg := books()
	cfg.GSTAccount, cfg.QSTAccount = "", ""
	o := open(t, cfg)
	b := read(t, `{"supplier":"Outils du Sud","invoice_number":"7","invoice_date":"2026-11-24","due_date":"2020-01-01","lines":[],"subtotal":100,"gst":5,"qst":9.98,"total":114.98}`)
	e := o.enter(t, b, "")
	if diff := cmp.Diff([]string{draft.IssueGST, draft.IssueQST}, e.Issues); diff != "" || e.Status != "draft" {
		t.Errorf("%+v %s", e, diff)
	}
	if got := o.all(t)[0]; got.BillDate != "" || got.GrandTotal.String() != "100.00" {
		t.Errorf("%+v", got)
	}
	cfg.ExpenseAccount, cfg.Company = "", "Nulle Part"
	if _, err := draft.New(o.erp, cfg, clock).Enter(t.Context(), read(t, paper), ""); !hub.HasCode(err, "part-off") {
		t.Errorf("without an account: %v", err)
	}
}

// A number is the same however it is written; another one is another.
func TestWaysToWriteANumber(t *testing.T) {
	t.Parallel()
	o := open(t, books())
	for _, test := range []struct{ number, status string }{
		{"F-0012", "draft"}, {"f 12", "duplicate"}, {"F12", "duplicate"}, {"R-12", "draft"}, {"12", "draft"}, {"0012", "duplicate"}, {"1-2", "draft"}, {"F-112", "draft"}, {"12A", "draft"},
	} {
		b := read(t, paper)
		b.InvoiceNumber = test.number
		if e := o.enter(t, b, ""); e.Status != test.status {
			t.Errorf("%s: %+v", test.number, e)
		}
	}
}

// A credit note is no invoice with a minus; where only a total is printed that is
// what is owed.
func TestCreditNotesAndTotals(t *testing.T) {
	t.Parallel()
	o := open(t, books())
	credit := read(t, `{"supplier":"Outils du Sud","invoice_number":"C-1","invoice_date":"2026-11-20","lines":[{"description":"Retour","qty":-1,"unit_price":100,"amount":-100}],"subtotal":-100,"gst":-5,"qst":-9.98,"total":-114.98}`)
	if e := o.enter(t, credit, ""); e.Status != "not_entered" || e.Invoice != "" || cmp.Diff([]string{draft.IssueCredit}, e.Issues) != "" {
		t.Errorf("%+v", e)
	}
	o.enter(t, read(t, `{"supplier":"Outils du Sud","invoice_number":"T-1","invoice_date":"2026-11-20","gst":5,"qst":9.98,"total":114.98}`), "")
	if all := o.all(t); len(all) != 1 || all[0].GrandTotal.String() != "114.98" {
		t.Errorf("%+v", all)
	}
}

func TestThePictureHangsThereOnce(t *testing.T) {
	t.Parallel()
	o := open(t, books())
	e := o.enter(t, read(t, paper), "")
	for _, content := range []string{"\xff\xd8\xff one", "\xff\xd8\xff two"} {
		if err := o.desk.Attach(t.Context(), e.Invoice, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	files, err := o.erp.Attachments(t.Context(), "Purchase Invoice", e.Invoice)
	if err != nil || len(files) != 1 || !bool(files[0].IsPrivate) || !strings.HasPrefix(files[0].FileURL, "/private/files/") {
		t.Errorf("%+v %v", files, err)
	}
}
