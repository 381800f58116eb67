package erpnext

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/meta"
)

// wholeSite is a site as the hub needs it: every doctype by name.
func wholeSite() map[string]*meta.DocType {
	metas := map[string]*meta.DocType{}
	for _, n := range needed() {
		doc := &meta.DocType{Name: n.Doctype}
		for _, f := range n.Fields {
			if f.Fieldtype == "" {
				f.Fieldtype = "Data"
			}
			doc.Fields = append(doc.Fields, f)
		}
		metas[n.Doctype] = doc
	}
	return metas
}

// describe answers like getdoctype: a doctype comes with its child tables.
func describe(metas map[string]*meta.DocType, user, zone string) answerer {
	return func(w http.ResponseWriter, r seen, _ int) {
		var answer any
		switch {
		case strings.HasSuffix(r.Path, "get_logged_user"):
			answer = map[string]any{"message": user}
		case strings.HasSuffix(r.Path, "get_single_value"):
			answer = map[string]any{"message": zone}
		default:
			values, _ := url.ParseQuery(r.Query)
			doc, ok := metas[values.Get("doctype")]
			if !ok {
				reply(w, 404, `{"exc_type":"DoesNotExistError"}`)
				return
			}
			docs := []*meta.DocType{doc}
			for _, f := range doc.Fields {
				if f.Fieldtype == "Table" && metas[f.Options] != nil {
					docs = append(docs, metas[f.Options])
				}
			}
			answer = map[string]any{"docs": docs, "user_settings": "{}"}
		}
		raw, _ := json.Marshal(answer)
		reply(w, 200, string(raw))
	}
}

func findings(t *testing.T, answer answerer) []string {
	t.Helper()
	c, _ := inside(t, answer)
	var out []string
	for _, f := range Check(t.Context(), c) {
		if f.Level != Fine && f.Hint == "" {
			t.Errorf("%s: %s leaves the operator without a hint", f.About, f.Text)
		}
		out = append(out, string(f.Level)+" "+f.About+": "+f.Text)
	}
	return out
}

func TestCheckOfAWholeSite(t *testing.T) {
	t.Parallel()
	got := findings(t, describe(wholeSite(), "hub@example.test", "America/Toronto"))
	if len(got) != 2 || got[0] != "ok ERPNext: The hub is hub@example.test in ERPNext." || !strings.HasPrefix(got[1], "ok ERPNext: All ") {
		t.Errorf("findings = %q", got)
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	metas := wholeSite()
	field := func(doctype, name string) *meta.Field {
		fields := metas[doctype].Fields
		return &fields[slices.IndexFunc(fields, meta.Named(name))]
	}
	delete(metas, "Dispatch Offer")
	delete(metas, "Communication")
	drop := func(doctype, name string) {
		metas[doctype].Fields = slices.DeleteFunc(metas[doctype].Fields, meta.Named(name))
	}
	drop("Dispatch Job", "assigned_group")
	drop("Quotation", "party_name")
	field("Service Contract", "hub_key").Unique = false
	field("Service Contract", "monthly_rate").Fieldtype = "Float"        // fits
	field("Service Contract", "signer_name").Fieldtype = "Small Text"    // fits
	field("Quotation", "custom_docuseal_signing_url").Fieldtype = "Data" // too short for a link
	field("Service Contract", "start_date").Fieldtype = "Datetime"       // does not
	field("Service Contract", "service_subscription").Options = "Subscription"
	field("Service Subscription", "status").Options = "Pending\nActif\nSuspendu\nAnnulé"
	field("Quotation", "custom_accepted_at").AllowOnSubmit = false
	field("Dispatch Tag Link", "level").Fieldtype = "Data"
	metas["Dispatch Tag"].Fields = append(metas["Dispatch Tag"].Fields, meta.Field{Fieldname: "owner_team", Fieldtype: "Data", Reqd: true})

	got := findings(t, describe(metas, "Administrator", "UTC"))
	want := []string{
		"warning ERPNext: The hub is Administrator in ERPNext.",
		"fault ERPNext: The site's clock is in UTC, the hub reads it as America/Toronto.",
		"fault Dispatch Tag Link.level: The field is Data, the hub needs Int.",
		"fault Service Subscription.status: The value En attente is not among the choices.",
		"fault Service Contract.service_subscription: The field points at Subscription, the hub needs Service Subscription.",
		"fault Service Contract.start_date: The field is Datetime, the hub needs Date.",
		"fault Service Contract.hub_key: The field is not unique.",
		"fault Dispatch Job.assigned_group: The field does not exist.",
		"warning Dispatch Tag.owner_team: The site requires a value that the hub may not send.",
		"fault Dispatch Offer: The doctype does not exist.",
		"fault Quotation.custom_docuseal_signing_url: The field is Data, the hub needs Small Text.",
		"fault Quotation.custom_accepted_at: The field cannot be written after the document was submitted.",
		"fault Quotation.party_name: The field does not exist.",
		"fault Communication: The doctype does not exist.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestCheckOfWhatCannotBeAsked(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		answer answerer
		want   string
	}{
		{"wrong token", func(w http.ResponseWriter, _ seen, _ int) { reply(w, 401, `{"exc_type":"AuthenticationError"}`) },
			"fault ERPNext: ERPNext does not know the API key."},
		{"no rights", func(w http.ResponseWriter, _ seen, _ int) { reply(w, 403, `{"exc_type":"PermissionError"}`) },
			"fault ERPNext: The hub's user may not use the API."},
		{"nobody there", func(http.ResponseWriter, seen, int) { panic(http.ErrAbortHandler) },
			"fault ERPNext: ERPNext cannot be reached."},
		{"maintenance", func(w http.ResponseWriter, _ seen, _ int) { reply(w, 503, `{"exc_type":"SessionStopped"}`) },
			"fault ERPNext: ERPNext is not able to answer now."},
		{"another site", func(w http.ResponseWriter, _ seen, _ int) { reply(w, 404, "<h1>Not Found</h1>") },
			"fault ERPNext: What answers at this address is not an ERPNext site."},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff([]string{tc.want}, findings(t, tc.answer)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheckOfAGuestWithoutRights(t *testing.T) {
	t.Parallel()
	whole := describe(wholeSite(), "Guest", "America/Toronto")
	got := findings(t, func(w http.ResponseWriter, r seen, n int) {
		switch {
		case strings.Contains(r.Query, "doctype=Issue"):
			reply(w, 403, `{"exc_type":"PermissionError"}`)
		case strings.Contains(r.Query, "doctype=File"):
			reply(w, 500, `{"exc_type":"GroupingError"}`)
		default:
			whole(w, r, n)
		}
	})
	want := []string{
		"fault ERPNext: ERPNext takes the hub for a guest.",
		"fault Issue: The hub's user may not read the doctype.",
		"fault File: ERPNext could not describe the doctype.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
