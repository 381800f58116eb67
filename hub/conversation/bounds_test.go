package conversation_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/conversation"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
)

// A number that writes on and on keeps its last texts open; the rest is counted.
// One answer shows the last fifty, and costs no more than that.
func TestNumberThatWritesOnAndOn(t *testing.T) {
	t.Parallel()
	o := open(t)
	url := o.edge(t)
	first, err := o.store.Job(t.Context(), o.receive(t, sms("SM0", cell, "texte 0")).Conversation)
	if err != nil {
		t.Fatal(err)
	}
	o.stored(t, keep.Held, first.Lane, "SM-old", 124)
	for i := range 5 {
		if out := o.receive(t, sms(fmt.Sprint("SM-new", i), cell, fmt.Sprint("texte ", i))); out.State != conversation.Unassigned {
			t.Fatalf("text %d: %+v", i, out)
		}
	}
	o.receive(t, sms("SM-other", home, "un autre"))
	list := conversations(t, url, "?limit=200")
	if len(list) != 2 || list[1].Count != 100 || list[1].PutAside != 30 || len(list[1].Texts) != 50 {
		t.Fatalf("%d conversations: %d texts, %d put aside, %d shown", len(list), list[1].Count, list[1].PutAside, len(list[1].Texts))
	}
	if shown := list[1].Texts; shown[0].Body != "Bonjour" || shown[49].Body != "texte 4" || list[1].LastAt != shown[49].At {
		t.Errorf("shown are %q to %q", shown[0].Body, shown[49].Body)
	}
	if out := o.receive(t, sms("SM0", cell, "texte 0")); out.State != conversation.Dismissed {
		t.Errorf("one that was put aside: %+v", out)
	}
	status, body := ask(t, hub.RoleStaff, "POST", url+"/conversations/"+list[1].ID+"/dismiss", `{"reason":"publicité"}`)
	if status != http.StatusOK || !strings.Contains(body, `"texts":100`) || !strings.Contains(body, `"more":false`) {
		t.Errorf("%d %s", status, body)
	}
	o.receive(t, sms("SM-new", cell, "encore"))
	if list = conversations(t, url, ""); len(list) != 2 || list[0].Count != 1 || list[0].PutAside != 0 {
		t.Errorf("after a decision: %+v", list)
	}
}

// The texts of many numbers are on one page, each with fewer of its texts.
func TestManyNumbersOnOnePage(t *testing.T) {
	t.Parallel()
	o := open(t)
	url := o.edge(t)
	for i := range 26 {
		o.stored(t, keep.Held, fmt.Sprint("conversation:", i), fmt.Sprint("SM", i), 20)
	}
	shown := 0
	for _, c := range conversations(t, url, "?limit=200") {
		if shown += len(c.Texts); c.Count != 20 {
			t.Errorf("%d texts wait", c.Count)
		}
	}
	if shown == 0 || shown > 500 {
		t.Errorf("%d texts are shown at once", shown)
	}
}

// Texts of an unknown number that had to wait for ERPNext are bounded as well.
func TestWaitingTextsAreBounded(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.stored(t, keep.Held, "conversation:one", "SM", 98)
	o.stored(t, keep.Pending, "conversation:one", "SM-late", 7)
	o.work(t)
	hubtest.Await(t, "all are through", func() bool {
		counts, err := o.store.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		by := map[keep.Status]int{}
		for _, c := range counts {
			by[c.Status] += c.N
		}
		return by[keep.Held] == 100 && by[keep.Cancelled] == 5
	})
}

// stored puts so many texts of one number into the store, as a desk does.
func (o *office) stored(t *testing.T, status keep.Status, lane, id string, n int) (one string) {
	t.Helper()
	state := conversation.Waiting
	if status == keep.Held {
		state = conversation.Unassigned
	}
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			job, _, err := o.store.Put(t.Context(), keep.Job{
				Kind: conversation.KindSMS, Lane: lane, Dedupe: fmt.Sprint(id, "-", i), Status: status, State: state,
				Payload: fmt.Appendf(nil, `{"id":"%s-%d","from":%q,"to":%q,"body":"Bonjour"}`, id, i, cell, ours),
			})
			if err != nil {
				t.Error(err)
			}
			if i == 0 {
				one = job.ID
			}
		})
	}
	wait.Wait()
	return one
}

// A decision changes a batch at most, and says that there is more.
func TestDecisionsAreBounded(t *testing.T) {
	t.Parallel()
	o := open(t)
	url := o.edge(t)
	o.serve(t, ann, "notes", "")
	id := o.stored(t, keep.Held, "conversation:one", "SM", 205)
	for _, want := range []string{`"texts":200,"more":true`, `"texts":5,"more":false`, `"texts":0,"more":false`} {
		if status, body := ask(t, hub.RoleStaff, "POST", url+"/conversations/"+id+"/assign", `{"customer":"`+ann+`"}`); status != http.StatusOK || !strings.Contains(body, want) {
			t.Fatalf("%d %s, want %s", status, body, want)
		}
	}
}

// What nobody took up in a season is put aside.
func TestForgottenTextsArePutAside(t *testing.T) {
	t.Parallel()
	o := open(t)
	url := o.edge(t)
	for _, id := range ids("SM", 3) {
		o.receive(t, sms(id, cell, "Bonjour"))
	}
	o.serve(t, ann, "tel_home", home)
	o.receive(t, sms("SM-filed", home, "Bonjour"))
	for _, c := range []struct {
		pass time.Duration
		note string
		left int
	}{{0, "0 texts put aside", 1}, {89 * 24 * time.Hour, "0 texts put aside", 1}, {2 * 24 * time.Hour, "3 texts put aside", 0}, {0, "0 texts put aside", 0}} {
		o.pass(c.pass)
		note, err := o.desk.Task().Run(t.Context())
		if list := conversations(t, url, ""); err != nil || note != c.note || len(list) != c.left {
			t.Errorf("%q, %v, %d conversations, want %q and %d", note, err, len(list), c.note, c.left)
		}
	}
	job, _, err := o.store.Jobs(t.Context(), keep.Filter{Kind: conversation.KindSMS, Status: keep.Cancelled})
	if err != nil || len(job) != 3 || job[0].Note != "Nobody took it up in 90 days." {
		t.Errorf("%+v, %v", job, err)
	}
}
