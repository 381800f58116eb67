package conversation_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/conversation"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
	"gigafibre.ca/targo-hub/simkit"
)

// edge serves the routes of the desk.
func (o *office) edge(t *testing.T) string {
	t.Helper()
	s, err := web.NewServer(web.Config{PublicURL: "https://hub.example.com"}, web.Deps{
		Verifier: hubtest.Door{}, Limits: o.store, Memory: o.store, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	o.desk.Mount(s.Router())
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return server.URL
}

func ask(t *testing.T, role hub.Role, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(hubtest.RoleHeader, string(role))
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

func conversations(t *testing.T, url, query string) []conversation.Conversation {
	t.Helper()
	var out struct{ Items []conversation.Conversation }
	status, body := ask(t, hub.RoleStaff, "GET", url+"/conversations"+query, "")
	if err := json.Unmarshal([]byte(body), &out); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	return out.Items
}

// Several customers on one number: nothing is guessed, until a person picks. Then
// all of the thread is written, in order, and the next texts follow.
func TestSharedNumberWaitsForAPerson(t *testing.T) {
	t.Parallel()
	o := open(t)
	url := o.edge(t)
	o.serve(t, ann, "cell_phone", cell)
	o.serve(t, "CUST-BOB", "tel_home", "(514) 555-0123")
	var want []string
	for _, id := range ids("SM", 5) {
		want = append(want, "texte "+id)
		if out := o.receive(t, sms(id, cell, "texte "+id)); out.State != conversation.Unassigned {
			t.Fatalf("%+v", out)
		}
	}
	o.receive(t, sms("SM-other", home, "un autre")) // another thread
	if len(o.all(t, "Communication"))+len(o.all(t, "Issue")) != 0 {
		t.Fatal("something was guessed")
	}
	list := conversations(t, url, "?status=unassigned")
	if len(list) != 2 || list[1].From != cell || list[1].To != ours || len(list[1].Texts) != 5 || list[1].Texts[0].Body != want[0] {
		t.Fatalf("listed %+v", list)
	}
	wantCandidates := []conversation.Candidate{{Customer: ann, Name: "Client " + ann}, {Customer: "CUST-BOB", Name: "Client CUST-BOB"}}
	if diff := cmp.Diff(wantCandidates, list[1].Candidates); diff != "" {
		t.Error(diff)
	}
	o.work(t)
	for range 2 { // a repeat answers the same
		if status, body := ask(t, hub.RoleStaff, "POST", url+"/conversations/"+list[1].ID+"/assign", `{"customer":"`+ann+`"}`); status != http.StatusOK {
			t.Fatalf("%d %s", status, body)
		}
	}
	hubtest.Await(t, "the thread is written", func() bool { return len(o.bodies(t)) == 5 })
	if diff := cmp.Diff(want, o.bodies(t)); diff != "" {
		t.Error(diff)
	}
	if issue := one(t, o.all(t, "Issue")); issue["customer"] != ann {
		t.Errorf("issue %v", issue)
	}
	if out := o.filed(t, sms("SM-next", cell, "la suite")); out.Customer != ann {
		t.Errorf("the conversation does not go on: %+v", out)
	}
	records, _, err := o.store.Audits(t.Context(), keep.AuditFilter{Action: "conversation.assign"})
	if err != nil || len(records) == 0 || records[0].Actor != "staff:ann" || records[0].Name != ann || strings.Contains(records[0].Detail, cell) {
		t.Errorf("audit %+v, %v", records, err)
	}
	if diff := cmp.Diff([]string{"message.received", "conversation.assigned"}, []string{o.news(t)[0], o.news(t)[6]}); diff != "" {
		t.Errorf("%s in %v", diff, o.news(t))
	}
}

// What was picked is not turned round, and what is wrong is refused.
func TestAssignRefuses(t *testing.T) {
	t.Parallel()
	o := open(t)
	url := o.edge(t)
	o.serve(t, ann, "notes", "")
	o.serve(t, "CUST-BOB", "notes", "")
	id := o.receive(t, sms("SM1", cell, "Bonjour")).Conversation
	for _, tc := range []struct {
		name, path, body string
		role             hub.Role
		want             int
	}{
		{"a stranger", id + "/assign", `{"customer":"` + ann + `"}`, hub.RoleCustomer, 401},
		{"no such customer", id + "/assign", `{"customer":"CUST-NOBODY"}`, hub.RoleStaff, 422},
		{"no such conversation", "0190f000-0000-7000-8000-000000000000/assign", `{"customer":"` + ann + `"}`, hub.RoleStaff, 404},
		{"nobody named", id + "/assign", `{}`, hub.RoleStaff, 422},
		{"no reason", id + "/dismiss", `{}`, hub.RoleStaff, 422},
		{"assigned", id + "/assign", `{"customer":"` + ann + `"}`, hub.RoleStaff, 200},
		{"on its way to another", id + "/assign", `{"customer":"CUST-BOB"}`, hub.RoleStaff, 409},
		{"on its way", id + "/dismiss", `{"reason":"pourriel"}`, hub.RoleStaff, 409},
	} {
		if status, body := ask(t, tc.role, "POST", url+"/conversations/"+tc.path, tc.body); status != tc.want {
			t.Errorf("%s: %d, want %d: %s", tc.name, status, tc.want, body)
		}
	}
	o.work(t)
	hubtest.Await(t, "the text is written", func() bool { return len(o.bodies(t)) == 1 })
	hubtest.Await(t, "its job is done", func() bool {
		job, err := o.store.Job(t.Context(), id)
		return err == nil && job.Status == keep.Done
	})
	if status, body := ask(t, hub.RoleStaff, "POST", url+"/conversations/"+id+"/assign", `{"customer":"CUST-BOB"}`); status != 409 || !strings.Contains(body, ann) {
		t.Errorf("filed with Ann: %d %s", status, body)
	}
	if out := o.receive(t, sms("SM1", cell, "Bonjour")); out.State != conversation.Filed || out.Customer != ann || out.Communication == "" {
		t.Errorf("delivered again: %+v", out)
	}
}

func TestDismissedTextsAreGone(t *testing.T) {
	t.Parallel()
	o := open(t)
	url := o.edge(t)
	id := o.receive(t, sms("SM1", cell, "Gagnez un prix")).Conversation
	o.receive(t, sms("SM2", cell, "Cliquez ici"))
	if status, body := ask(t, hub.RoleStaff, "POST", url+"/conversations/"+id+"/dismiss", `{"reason":"pourriel"}`); status != 200 || !strings.Contains(body, `"texts":2`) {
		t.Fatalf("%d %s", status, body)
	}
	if list := conversations(t, url, ""); len(list) != 0 {
		t.Errorf("still listed: %+v", list)
	}
	if out := o.receive(t, sms("SM1", cell, "Gagnez un prix")); out.State != conversation.Dismissed {
		t.Errorf("a repetition came back: %+v", out)
	}
	if out := o.receive(t, sms("SM3", cell, "Encore")); out.State != conversation.Unassigned {
		t.Errorf("the next text: %+v", out)
	}
	o.serve(t, ann, "notes", "") // it was a mistake
	if status, body := ask(t, hub.RoleStaff, "POST", url+"/conversations/"+id+"/assign", `{"customer":"`+ann+`"}`); status != 200 || !strings.Contains(body, `"texts":2`) {
		t.Fatalf("%d %s", status, body)
	}
	o.work(t)
	hubtest.Await(t, "the named text and the waiting one are written", func() bool { return len(o.bodies(t)) == 2 })
	if diff := cmp.Diff([]string{"Gagnez un prix", "Encore"}, o.bodies(t)); diff != "" {
		t.Error(diff)
	}
}

// A filing that ERPNext refuses too often is listed as failed; assigning again
// tries again. A fault in between doubles nothing, and a text that comes while the
// others are on their way waits for its turn.
func TestAssignedInSpiteOfFaults(t *testing.T) {
	t.Parallel()
	o := open(t)
	url := o.edge(t)
	o.serve(t, ann, "notes", "")
	id := o.receive(t, sms("SM1", cell, "un")).Conversation
	o.receive(t, sms("SM2", cell, "deux"))
	body := `{"customer":"` + ann + `"}`
	if status, answer := ask(t, hub.RoleStaff, "POST", url+"/conversations/"+id+"/assign", body); status != 200 {
		t.Fatalf("%d %s", status, answer)
	}
	if out := o.receive(t, sms("SM3", cell, "trois")); out.State != conversation.Assigned {
		t.Errorf("a text behind those on their way: %+v", out)
	}
	o.site.Fault().Fail(simkit.Fault{Status: 417, Match: "POST /api/resource/Issue", Next: 5})
	o.work(t)
	hubtest.Await(t, "the first is given up", func() bool { return len(conversations(t, url, "?status=failed")) == 1 })
	hubtest.Await(t, "the others are written", func() bool { return len(o.bodies(t)) == 2 })
	o.site.Fault().Fail(simkit.Fault{DropAfterCommit: true, Match: "POST /api/resource/Communication"})
	if status, answer := ask(t, hub.RoleStaff, "POST", url+"/conversations/"+id+"/assign", body); status != 200 {
		t.Fatalf("%d %s", status, answer)
	}
	hubtest.Await(t, "the first is done", func() bool {
		job, err := o.store.Job(t.Context(), id)
		return err == nil && job.Status == keep.Done
	})
	if diff := cmp.Diff([]string{"deux", "trois", "un"}, o.bodies(t)); diff != "" {
		t.Error(diff)
	}
	one(t, o.all(t, "Issue"))
}
