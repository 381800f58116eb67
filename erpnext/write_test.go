package erpnext

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors"
)

func TestVerbs(t *testing.T) {
	t.Parallel()
	c, s := inside(t, func(w http.ResponseWriter, r seen, _ int) {
		switch {
		case r.Method == http.MethodDelete:
			reply(w, 202, `{"data":"ok"}`)
		case strings.HasPrefix(r.Path, "/api/method/"):
			reply(w, 200, `{"message":{}}`)
		default:
			reply(w, 200, `{"data":{"name":"CTR-00001","status":"Brouillon","monthly_rate":39.95}}`)
		}
	})
	ctx := t.Context()
	contract, err := Insert[ServiceContract](ctx, c, "Service Contract", ServiceContract{Customer: "C-1", ContractType: Residential})
	if err != nil || contract.Name != "CTR-00001" || contract.MonthlyRate.String() != "39.95" {
		t.Fatalf("Insert = %+v, %v", contract, err)
	}
	err = errors.Join(
		c.Update(ctx, "Service Contract", "CTR-00001", Values{"status": ContractSigned}, contract),
		c.Submit(ctx, "Quotation", "QTN-1"),
		c.Cancel(ctx, "Quotation", "QTN-1"),
		c.SetValue(ctx, "Issue", "ISS-1", Values{"notes": ""}),
		c.Delete(ctx, "Issue", "ISS-1"),
		c.AddComment(ctx, "Issue", "ISS-1", "a < b\nc"),
	)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range s.asked() {
		got = append(got, r.Method+" "+r.Path+" "+r.Body)
	}
	want := []string{
		`POST /api/resource/Service%20Contract {"customer":"C-1","contract_type":"Résidentiel"}`,
		`PUT /api/resource/Service%20Contract/CTR-00001 {"status":"Signé"}`,
		`PUT /api/resource/Quotation/QTN-1 {"docstatus":1}`,
		`PUT /api/resource/Quotation/QTN-1 {"docstatus":2}`,
		`POST /api/method/frappe.client.set_value {"doctype":"Issue","fieldname":{"notes":""},"name":"ISS-1"}`,
		`DELETE /api/resource/Issue/ISS-1 `,
		`POST /api/method/frappe.desk.form.utils.add_comment {"comment_by":"targo-hub","comment_email":"","content":"a \u0026lt; b\u003cbr\u003ec","reference_doctype":"Issue","reference_name":"ISS-1"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// A change of docstatus or a delete that worked, but whose reply was lost, is
// recognised by its trace.
func TestLostReplyIsRecognised(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		do     func(context.Context, *Client) error
		after  func(w http.ResponseWriter, r seen) // answers once the change was made
		failed bool
	}{
		{
			"cancel", func(ctx context.Context, c *Client) error { return c.Cancel(ctx, "Quotation", "QTN-1") },
			func(w http.ResponseWriter, r seen) {
				if r.Method == http.MethodGet {
					reply(w, 200, `{"data":{"name":"QTN-1","docstatus":2}}`)
					return
				}
				reply(w, 417, refusal("ValidationError", "Cannot edit cancelled document"))
			}, false,
		},
		{
			"submit of something else", func(ctx context.Context, c *Client) error { return c.Submit(ctx, "Quotation", "QTN-1") },
			func(w http.ResponseWriter, r seen) {
				if r.Method == http.MethodGet {
					reply(w, 200, `{"data":{"name":"QTN-1","docstatus":2}}`)
					return
				}
				reply(w, 417, refusal("DocstatusTransitionError", "Cannot change docstatus"))
			}, true,
		},
		{
			"delete", func(ctx context.Context, c *Client) error { return c.Delete(ctx, "Issue", "ISS-1") },
			func(w http.ResponseWriter, _ seen) { reply(w, 404, `{"exc_type":"DoesNotExistError"}`) }, false,
		},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, _ := inside(t, func(w http.ResponseWriter, r seen, n int) {
					if n == 1 {
						panic(http.ErrAbortHandler)
					}
					tc.after(w, r)
				})
				if err := tc.do(t.Context(), c); (err != nil) != tc.failed {
					t.Errorf("error = %v", err)
				}
			})
		})
	}
	c, _ := inside(t, func(w http.ResponseWriter, _ seen, _ int) { reply(w, 404, `{"exc_type":"DoesNotExistError"}`) })
	if err := c.Delete(t.Context(), "Issue", "ISS-1"); !IsNotFound(err) {
		t.Errorf("deleting what never was there: %v", err)
	}
}

func TestAttach(t *testing.T) {
	t.Parallel()
	content := []byte("%PDF-1.7 signed")
	c, s := dial(t, func(w http.ResponseWriter, _ seen, n int) {
		if n == 1 {
			reply(w, 500, `{"exc_type":"QueryDeadlockError"}`) // rolled back: the body is sent again, whole
			return
		}
		reply(w, 200, `{"message":{"name":"0a1b2c3d4e","file_url":"/private/files/x.pdf","is_private":1,"file_size":15}}`)
	})
	file, err := c.Attach(t.Context(), Attachment{
		Doctype: "Quotation", Name: "QTN-1", Field: "custom_signed_pdf", FileName: "../a/Soumission signée.pdf", Content: content,
	})
	if err != nil || file.FileURL != "/private/files/x.pdf" || !bool(file.IsPrivate) {
		t.Fatalf("Attach = %+v, %v", file, err)
	}
	calls := s.asked()
	if len(calls) != 2 {
		t.Fatalf("%d calls", len(calls))
	}
	_, params, err := mime.ParseMediaType(calls[1].Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	form, err := multipart.NewReader(strings.NewReader(calls[1].Body), params["boundary"]).ReadForm(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"doctype": {"Quotation"}, "docname": {"QTN-1"}, "fieldname": {"custom_signed_pdf"}, "is_private": {"1"}, "total_file_size": {"15"},
	}
	if diff := cmp.Diff(want, form.Value); diff != "" {
		t.Errorf("form (-want +got):\n%s", diff)
	}
	part := form.File["file"][0]
	if !regexp.MustCompile(`^Soumission signée-[0-9a-f]{8}\.pdf$`).MatchString(part.Filename) {
		t.Errorf("file name %q", part.Filename)
	}
	f, err := part.Open()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(f); err != nil || string(got) != string(content) {
		t.Errorf("content = %q, %v", got, err)
	}
}

// ensureSite is a document that may be created once: it plays the two calls of
// Ensure and counts what exists.
type ensureSite struct {
	found   []bool  // what each look finds; the last one repeats
	create  error   // what the create reports
	looks   int     //
	creates int     //
	findErr []error // what each look reports
}

func (s *ensureSite) find(context.Context) (*Issue, error) {
	i := min(s.looks, len(s.found)-1)
	s.looks++
	if s.looks <= len(s.findErr) && s.findErr[s.looks-1] != nil {
		return nil, s.findErr[s.looks-1]
	}
	if s.found[i] {
		return &Issue{Subject: "found"}, nil
	}
	return nil, nil
}

func (s *ensureSite) make(context.Context) (*Issue, error) {
	s.creates++
	if s.create != nil {
		return nil, s.create
	}
	return &Issue{Subject: "made"}, nil
}

func TestEnsure(t *testing.T) {
	t.Parallel()
	lost := &Error{Status: 502, Outcome: connectors.Unknown}
	taken := &Error{Status: 417, ExcType: "UniqueValidationError"}
	refused := &Error{Status: 417, ExcType: "ValidationError"}
	gone := &Error{Status: 404, ExcType: "DoesNotExistError"}
	away := &Error{Status: 503, Retryable: true}
	cases := []struct {
		name    string
		site    ensureSite
		subject string
		created bool
		err     error
		creates int
		looks   int
	}{
		{"it is there", ensureSite{found: []bool{true}}, "found", false, nil, 0, 1},
		{"it is made", ensureSite{found: []bool{false}}, "made", true, nil, 1, 1},
		{"not found is no trace", ensureSite{found: []bool{false}, findErr: []error{gone}}, "made", true, nil, 1, 1},
		{"looking fails: nothing is made", ensureSite{found: []bool{false}, findErr: []error{away}}, "", false, away, 0, 1},
		{"reply lost, it was made", ensureSite{found: []bool{false, true}, create: lost}, "found", true, nil, 1, 2},
		{"reply lost, it appears late", ensureSite{found: []bool{false, false, false, true}, create: lost}, "found", true, nil, 1, 4},
		{"reply lost, it never appears", ensureSite{found: []bool{false}, create: lost}, "", false, lost, 1, 4},
		{"reply lost, a look fails", ensureSite{found: []bool{false, true}, create: lost, findErr: []error{nil, away}}, "found", true, nil, 1, 3},
		{"somebody was faster", ensureSite{found: []bool{false, true}, create: taken}, "found", false, nil, 1, 2},
		{"a name is taken by something else", ensureSite{found: []bool{false}, create: taken}, "", false, taken, 1, 4},
		{"refused", ensureSite{found: []bool{false}, create: refused}, "", false, refused, 1, 1},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, _ := inside(t, nil)
				site := tc.site
				doc, created, err := Ensure(t.Context(), c, site.find, site.make)
				subject := ""
				if doc != nil {
					subject = doc.Subject
				}
				if subject != tc.subject || created != tc.created || !errors.Is(err, tc.err) || (err == nil) != (tc.err == nil) {
					t.Errorf("Ensure = %q, %v, %v", subject, created, err)
				}
				if site.creates != tc.creates || site.looks != tc.looks {
					t.Errorf("%d creates, %d looks; want %d, %d", site.creates, site.looks, tc.creates, tc.looks)
				}
			})
		})
	}
}

func TestEnsureStopsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := inside(t, nil)
		lost := &Error{Outcome: connectors.Unknown}
		site := ensureSite{found: []bool{false}, create: lost}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, _, err := Ensure(ctx, c, site.find, site.make)
		if !errors.Is(err, lost) || time.Since(began) != 100*time.Millisecond || site.creates != 1 {
			t.Errorf("%v after %v, %d creates", err, time.Since(began), site.creates)
		}
	})
}

// The same over the wire: ERPNext creates the document, the connection breaks,
// the trace is found, and one document exists.
func TestEnsureAfterALostReply(t *testing.T) {
	t.Parallel()
	var stored []string
	c, _ := dial(t, func(w http.ResponseWriter, r seen, _ int) {
		switch {
		case r.Method == http.MethodPost:
			stored = append(stored, r.Body)
			panic(http.ErrAbortHandler)
		case r.Query != "" && len(stored) == 0:
			reply(w, 200, `{"data":[]}`)
		case r.Query != "":
			reply(w, 200, `{"data":[{"name":"ISS-1"}]}`)
		default:
			reply(w, 200, `{"data":{"name":"ISS-1","subject":"Installation","custom_hub_key":"accept:QTN-1"}}`)
		}
	})
	issue, created, err := Ensure(t.Context(), c,
		func(ctx context.Context) (*Issue, error) {
			return First[Issue](ctx, c, "Issue", Eq("custom_hub_key", "accept:QTN-1"))
		},
		func(ctx context.Context) (*Issue, error) {
			return Insert[Issue](ctx, c, "Issue", Issue{Subject: "Installation", HubKey: "accept:QTN-1"})
		})
	if err != nil || !created || issue.Name != "ISS-1" || len(stored) != 1 {
		t.Errorf("Ensure = %+v, %v, %v with %d documents", issue, created, err, len(stored))
	}
}
