package conversation_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/conversation"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/simkit"
)

// Whatever goes wrong once, at whichever call, a text is there exactly once, on
// exactly one Issue, and its news are told.
func TestEveryFaultOnce(t *testing.T) {
	t.Parallel()
	faults := map[string]simkit.Fault{
		"reply lost":   {DropAfterCommit: true},
		"not reached":  {DropBefore: true},
		"500":          {Status: 500},
		"417":          {Status: 417},
		"late gateway": {Kind: "late_gateway"},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			o.work(t)
			for after := range 6 { // customer, issues, comm., zone, issue, comm.
				o.strike(t, fault, after)
			}
			if n, m := len(o.all(t, "Communication")), len(o.all(t, "Issue")); n != 6 || m != 6 {
				t.Errorf("%d communications and %d issues of 6 texts", n, m)
			}
			told := map[string]int{}
			for _, e := range o.told(t) {
				told[e]++
			}
			if n := told["filed"]; n != 6 || told["unassigned"] != 0 || told["waiting"] > 6 {
				t.Errorf("told %v", told)
			}
		})
	}
}

// strike hands a text of a new customer in until it is filed, while a fault hits one
// of the calls.
func (o *office) strike(t *testing.T, fault simkit.Fault, after int) {
	t.Helper()
	from := fmt.Sprintf("+1514555020%d", after)
	o.serve(t, fmt.Sprintf("CUST-%d", after), "cell_phone", from)
	fault.After, fault.Next = after, 1
	o.site.Fault().Reset()
	o.site.Fault().Fail(fault)
	out := o.filed(t, sms(fmt.Sprintf("SM%d", after), from, "Bonjour"))
	comm, err := o.site.Doc("Communication", out.Communication)
	if err != nil || out.Issue == "" || comm["reference_name"] != out.Issue {
		t.Errorf("call %d: %+v, %v", after, out, err)
	}
}

// Two hubs that are handed the same text at the same time write it once.
func TestSameTextTwiceAtOnce(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.serve(t, ann, "cell_phone", cell)
	o.serve(t, ann, "tel_home", home)
	desks := []*conversation.Desk{o.desk, o.another(o.erp)}
	var wait sync.WaitGroup
	for i := range 4 {
		wait.Go(func() {
			in := sms(fmt.Sprintf("SM%d", i/2), []string{cell, home}[i/2], "Bonjour")
			if _, err := desks[i%2].Receive(t.Context(), in); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := len(o.all(t, "Communication")); n != 2 {
		t.Errorf("%d communications, want 2", n)
	}
	one(t, o.all(t, "Issue"))
}

func TestKeywordLedgerMustTakeItFirst(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.serve(t, ann, "cell_phone", cell)
	down := true
	o.words = func(conversation.Inbound) (string, error) {
		if down {
			return "", fmt.Errorf("the ledger is away")
		}
		return conversation.WordStop, nil
	}
	if _, err := o.desk.Receive(t.Context(), sms("SM1", cell, "STOP")); err == nil || len(o.all(t, "Communication")) != 0 {
		t.Errorf("a text was filed before the ledger had it: %v", err)
	}
	down = false
	o.receive(t, sms("SM1", cell, "STOP"))
	one(t, o.all(t, "Communication"))
}

// plan is what two numbers write, in order: by whom, how often each text is
// delivered, and whether a reply is lost.
type plan struct {
	Shared bool
	Texts  []step
}

type step struct {
	Second bool
	Twice  bool
	Fault  bool
}

// Any order of the texts of two numbers, with repetitions and lost replies, gives
// each number's texts once, in their order.
func TestAnyOrderOfTwoNumbers(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.work(t)
	plans := rapid.Custom(func(t *rapid.T) plan {
		texts := rapid.SliceOfN(rapid.Make[step](), 1, 5).Draw(t, "texts")
		return plan{Shared: rapid.Bool().Draw(t, "shared"), Texts: texts}
	})
	for round := range 10 {
		o.play(t, round, plans.Example(round))
	}
}

func (o *office) play(t *testing.T, round int, p plan) {
	t.Helper()
	alice, bob := fmt.Sprintf("CUST-A%d", round), fmt.Sprintf("CUST-B%d", round)
	numbers := []string{fmt.Sprintf("+1514555%04d", round), fmt.Sprintf("+1450555%04d", round)}
	o.serve(t, alice, "cell_phone", numbers[0])
	if p.Shared {
		o.put(t, "Customer", map[string]any{"name": alice, "tel_home": numbers[1]})
	} else {
		o.serve(t, bob, "mobile_no", numbers[1])
	}
	want := map[string][]string{}
	for _, each := range p.Texts {
		from := numbers[0]
		if each.Second {
			from = numbers[1]
		}
		body := fmt.Sprintf("%s-%d", from, len(want[from]))
		want[from] = append(want[from], body)
		if each.Fault {
			o.site.Fault().Fail(simkit.Fault{DropAfterCommit: true, Match: "POST", Next: 1})
		}
		in := sms("SM"+body, from, body)
		o.receive(t, in)
		if each.Twice {
			o.receive(t, in)
		}
	}
	hubtest.Await(t, "all are written", func() bool {
		got, _ := o.writtenBy(t, numbers)
		return len(got[numbers[0]])+len(got[numbers[1]]) >= len(p.Texts)
	})
	got, issues := o.writtenBy(t, numbers)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%+v: %s", p, diff)
	}
	if most := len(want); p.Shared && issues != 1 || issues > most {
		t.Errorf("%+v: %d issues for %d numbers", p, issues, most)
	}
}

// writtenBy gives what stands in ERPNext of some numbers, in order, and on how many
// issues.
func (o *office) writtenBy(t *testing.T, numbers []string) (got map[string][]string, issues int) {
	docs, err := o.site.All("Communication", []any{[]any{"phone_no", "in", numbers}})
	if err != nil {
		t.Fatal(err)
	}
	got, on := map[string][]string{}, map[any]bool{}
	for _, doc := range docs {
		from, _ := doc["phone_no"].(string)
		content, _ := doc["content"].(string)
		got[from] = append(got[from], content[len("<p>"):len(content)-len("</p>")])
		on[doc["reference_name"]] = true
	}
	return got, len(on)
}

// Without ERPNext, and while it is away, nothing is lost.
func TestERPNextAway(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.serve(t, ann, "cell_phone", cell)
	var none *erpnext.Client
	out, err := o.another(none).Receive(t.Context(), sms("SM1", cell, "Bonjour"))
	if err != nil || out.State != conversation.Unassigned || out.Conversation == "" {
		t.Fatalf("without ERPNext: %+v, %v", out, err)
	}
	o.site.Fault().Fail(simkit.Fault{Status: 503, Next: 1000})
	if out := o.receive(t, sms("SM2", home, "Bonjour")); out.State != conversation.Waiting || out.Conversation == "" {
		t.Errorf("while ERPNext is away: %+v", out)
	}
	if n := len(o.all(t, "Communication")); n != 0 {
		t.Errorf("%d communications", n)
	}
}
