package paper_test

import (
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub/field/mutation"
)

// TestFormsWithoutScripts presses the buttons of the job page as a browser without
// scripts does.
func TestFormsWithoutScripts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, kind, form string
		status           int
		id, data, text   string // of what is taken; else what the page says
	}{
		{"a step", "status", "status=En+Route&note=unused&id=FORM-123&base=m", 303, "FORM-123-En-Route", `{"status":"En Route"}`, ""},
		{"a note", "note", "text=Porte+de+c%C3%B4t%C3%A9&id=FORM-123", 303, "FORM-123-note", `{"text":"Porte de côté"}`, ""},
		{"material", "material", "item=CABLE-SC&qty=2,5&id=FORM-123", 303, "FORM-123-material", `{"item":"CABLE-SC","qty":2.5}`, ""},
		{"an answer", "checklist", "item.0=-18&id=FORM-123", 303, "FORM-123-item-0", `{"label":"Puissance mesurée (dBm)","value":"-18","was":""}`, ""},
		{"no answer", "checklist", "id=FORM-123", 303, "", "", ""},
		{"an empty note", "note", "text=+&id=FORM-123", 422, "", "", "Écrivez d&#39;abord quelque chose."},
		{"material without a number", "material", "item=X&qty=deux&id=FORM-123", 422, "", "", "une quantité en chiffres"},
		{"the end before the checklist", "status", "status=Completed&id=FORM-123", 422, "", "", "Il reste à répondre"},
		{"another form", "party", "id=FORM-123", 404, "", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice()
			resp := ask(t, "POST", o.open(t).URL+"/j/job/DJ-1/"+test.kind, test.form, signedIn)
			body := text(t, resp)
			if resp.StatusCode != test.status || !strings.Contains(body, test.text) || test.status == 303 && resp.Header.Get("Location") != "/j/job/DJ-1" {
				t.Errorf("%d to %q: %s", resp.StatusCode, resp.Header.Get("Location"), body)
			}
			if test.id == "" {
				if len(o.taken) != 0 {
					t.Errorf("taken %+v", o.taken)
				}
				return
			}
			if len(o.taken) != 1 || o.taken[0].ID != test.id || string(o.taken[0].Data) != test.data || o.taken[0].Kind != test.kind || o.taken[0].Job != "DJ-1" {
				t.Errorf("taken %+v", o.taken)
			}
		})
	}
}

// TestCompletion says in the last step why a service is taken away, and what the
// technician wants to add.
func TestCompletion(t *testing.T) {
	t.Parallel()
	o := newOffice()
	base := o.open(t).URL
	resp := ask(t, "POST", base+"/j/job/DJ-3/status", "status=Completed&disconnect_reason=D%C3%A9m%C3%A9nagement&note=Tout+est+propre&id=FORM-123", signedIn)
	want := `{"disconnect_reason":"Déménagement","note":"Tout est propre","status":"Completed"}`
	if resp.StatusCode != 303 || len(o.taken) != 1 || string(o.taken[0].Data) != want {
		t.Errorf("%d, taken %+v", resp.StatusCode, o.taken)
	}
}

// TestAnswersOfTheQueue shows what the queue says about a form.
func TestAnswersOfTheQueue(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]struct {
		status int
		text   string
	}{
		mutation.Applied:   {303, ""},
		mutation.Duplicate: {303, ""},
		mutation.Conflict:  {409, "Le bureau a changé ce travail"},
		mutation.Retry:     {202, "pas encore écrit au bureau"},
		mutation.Rejected:  {422, "id=\"problem\">Pas permis</p>"},
	} {
		o := newOffice()
		o.answer = func(w mutation.Wire) mutation.Result {
			return mutation.Result{ID: w.ID, State: state, Error: &mutation.Refusal{Code: "forbidden", Title: "Pas permis", Detail: "This work order is somebody else's."}}
		}
		resp := ask(t, "POST", o.open(t).URL+"/j/job/DJ-1/note", "text=C%C3%A2ble+%3Cus%C3%A9%3E&id=FORM-123", signedIn)
		if body := text(t, resp); resp.StatusCode != want.status || !strings.Contains(body, want.text) {
			t.Errorf("%s: %d %s", state, resp.StatusCode, body)
		} else if typed := strings.Contains(body, ">Câble &lt;usé&gt;</textarea>"); typed != (want.status >= 400) {
			t.Errorf("%s: what was typed stands there: %v", state, typed)
		}
	}
}
