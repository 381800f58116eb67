package conversation_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/conversation"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/simkit"
)

// told lists what was told of texts, in order: the state of each.
func (o *office) told(t *testing.T) []string {
	t.Helper()
	events, _, err := o.store.Read(t.Context(), 0, 200, hub.TopicMessages)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range events {
		var data struct{ Status string }
		if err := json.Unmarshal(e.Data, &data); err != nil {
			t.Fatal(err)
		}
		if e.Name == hub.MessageReceived {
			out = append(out, data.Status)
		}
	}
	return out
}

// While ERPNext is away, or refuses, each text is heard as it comes in, a STOP
// too. Then all are written, in order, and what nobody can tell waits for a person.
func TestStopIsHeardBehindTextsThatWait(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]simkit.Fault{
		"away":       {Status: 503, Next: 1 << 20},
		"refuses":    {Status: 417, Next: 1 << 20},
		"locked out": {Status: 401, Next: 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			o.serve(t, ann, "cell_phone", cell)
			var heard []string
			o.words = func(in conversation.Inbound) (string, error) {
				heard = append(heard, in.Body)
				return map[string]string{"ARRET": conversation.WordStop}[in.Body], nil
			}
			o.site.Fault().Fail(fault)
			want := []string{"Allo", "Êtes-vous là?", "ARRET"}
			for i, body := range want {
				if out := o.receive(t, sms(fmt.Sprint("SM", i), cell, body)); out.State != conversation.Waiting || out.Conversation == "" {
					t.Fatalf("%s: %+v", body, out)
				}
			}
			if diff := cmp.Diff(want, heard); diff != "" {
				t.Errorf("heard %s", diff)
			}
			o.receive(t, sms("SM-other", home, "Qui est-ce?"))
			o.site.Fault().Reset()
			o.restart(t)
			o.work(t)
			hubtest.Await(t, "all are told", func() bool { return len(o.told(t)) == 8 })
			if diff := cmp.Diff(want, o.bodies(t)); diff != "" {
				t.Error(diff)
			}
			one(t, o.all(t, "Issue"))
			told := map[string]int{}
			for _, state := range o.told(t) {
				told[state]++
			}
			if diff := cmp.Diff(map[string]int{"waiting": 4, "filed": 3, "unassigned": 1}, told); diff != "" {
				t.Error(diff)
			}
			if out := o.filed(t, sms("SM2", cell, "ARRET")); out.Customer != ann {
				t.Errorf("delivered again: %+v", out)
			}
		})
	}
}

// A text that had to wait, and whose number two customers share, is shown to a
// person with both, and follows the person's word.
func TestWaitingTextOfASharedNumber(t *testing.T) {
	t.Parallel()
	o := open(t)
	url := o.edge(t)
	o.serve(t, ann, "cell_phone", cell)
	o.serve(t, "CUST-BOB", "tel_home", cell)
	o.site.Fault().Fail(simkit.Fault{Status: 401, Next: 1 << 20})
	id := o.receive(t, sms("SM1", cell, "Bonjour")).Conversation
	if status, body := ask(t, hub.RoleStaff, "POST", url+"/conversations/"+id+"/dismiss", `{"reason":"pourriel"}`); status != http.StatusConflict {
		t.Errorf("dismissed on its way: %d %s", status, body)
	}
	o.site.Fault().Reset()
	o.work(t)
	var list []conversation.Conversation
	hubtest.Await(t, "it is listed", func() bool {
		list = conversations(t, url, "")
		return len(list) == 1
	})
	if len(list[0].Candidates) != 2 || list[0].Reason != "2 customers share this number." || list[0].Texts[0].Body != "Bonjour" {
		t.Errorf("listed %+v", list)
	}
	if status, body := ask(t, hub.RoleStaff, "POST", url+"/conversations/"+id+"/assign", `{"customer":"CUST-BOB"}`); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	if out := o.filed(t, sms("SM1", cell, "Bonjour")); out.Customer != "CUST-BOB" {
		t.Errorf("filed %+v", out)
	}
}

// What ERPNext refuses is given up after a few tries; that it does not let the hub
// in is about all texts, and heals.
func TestRefusedTextsAreGivenUpSoon(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		want   keep.Status
		tries  int
	}{
		"refused": {417, keep.Dead, 5}, "locked out": {401, keep.Done, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			o.serve(t, ann, "cell_phone", cell)
			o.site.Fault().Fail(simkit.Fault{Status: c.status, Match: "POST /api/resource/Issue", Next: 6})
			id := o.receive(t, sms("SM1", cell, "Bonjour")).Conversation
			o.work(t)
			var job keep.Job
			hubtest.Await(t, "it ends", func() bool {
				var err error
				if job, err = o.store.Job(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				return job.Status.Final()
			})
			if job.Status != c.want || job.Tries > c.tries {
				t.Errorf("it is %s after %d tries: %+v", job.Status, job.Tries, job.Attempts)
			}
		})
	}
}

// How long texts are tried: for days, and again soon after ERPNext is back.
func TestTextsAreTriedForDays(t *testing.T) {
	t.Parallel()
	var total, longest time.Duration
	for _, w := range open(t).desk.Work() {
		for try := 1; try < w.MaxTries; try++ {
			wait := keep.NextRetry(w.Backoff, try, 0.5)
			total, longest = total+wait, max(longest, wait)
		}
	}
	if total < 70*time.Hour || longest > 15*time.Minute {
		t.Errorf("tried for %s, at most %s apart", total, longest)
	}
}

// A sender that is no number is nobody's, whatever digits are in its name, and no
// error.
func TestSendersThatAreNoNumbers(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.serve(t, ann, "cell_phone", cell)
	for _, from := range []string{"whatsapp:" + cell, "5145550123", "514-555-0123", "TARGO5145550123", "messenger:1", "+", "+1514555O123"} {
		if out := o.receive(t, sms("SM"+from, from, "ARRET")); out.State != conversation.Unassigned {
			t.Errorf("%q: %+v", from, out)
		}
	}
}
