package admit_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/outbox/admit"
	"gigafibre.ca/targo-hub/hub/outbox/channel"
	"gigafibre.ca/targo-hub/hub/outbox/optout"
	"gigafibre.ca/targo-hub/hub/outbox/pace"
)

const (
	number  = "+15145550123"
	stopped = "+15145550124" // wants no offers
	blocked = "+15145550125" // wants nothing
)

func rules(t *testing.T, hour int) *admit.Rules {
	t.Helper()
	hours, err := pace.ParseHours("21:00-08:00")
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 11, 22, hour, 0, 0, 0, hub.Local()) }
	ledger := optout.NewLedger(hubtest.Store(t), now, nil)
	for to, scope := range map[string]optout.Scope{stopped: optout.Commercial, blocked: optout.All} {
		if err := ledger.Add(t.Context(), optout.OptOut{Channel: channel.SMS, Address: to, Scope: scope, Source: optout.SourceStop}); err != nil {
			t.Fatal(err)
		}
	}
	return &admit.Rules{
		Ledger: ledger, Hours: hours, Now: now,
		Consent: func(_ context.Context, customer string, _ channel.Channel, _ string) (string, bool, error) {
			switch customer {
			case "C-0001":
				return "contract", true, nil
			case "C-0500":
				return "", false, errors.New("away")
			}
			return "the contract ended", false, nil
		},
		Stopped: func(_ context.Context, customer string, _ channel.Channel) (bool, error) {
			if customer == "C-0501" {
				return false, errors.New("away")
			}
			return customer == "C-0002", nil
		},
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	offer := func(customer, to string) admit.Case {
		return admit.Case{ID: "m1", Way: channel.SMS, To: to, Customer: customer, Commercial: true}
	}
	for name, c := range map[string]struct {
		hour   int
		c      admit.Case
		want   admit.Action
		reason string
	}{
		"about the service":           {12, admit.Case{Way: channel.SMS, To: number}, admit.Send, ""},
		"to who wants no offers":      {12, admit.Case{Way: channel.SMS, To: stopped}, admit.Send, ""},
		"an offer to him":             {12, offer("C-0001", stopped), admit.Refuse, "commercial messages (STOP, 2026-11-22)"},
		"to who wants nothing":        {12, admit.Case{Way: channel.SMS, To: blocked, Urgent: true}, admit.Refuse, "any message"},
		"an offer with a ground":      {12, offer("C-0001", number), admit.Send, ""},
		"an offer without":            {12, offer("C-0003", number), admit.Hold, "(the contract ended)"},
		"an offer against the record": {12, offer("C-0002", number), admit.Refuse, "customer's record"},
		"at night":                    {23, admit.Case{Way: channel.SMS, To: number}, admit.Wait, "08:00"},
		"at night, urgent":            {23, admit.Case{Way: channel.SMS, To: number, Urgent: true}, admit.Send, ""},
		"at night, an urgent offer":   {23, admit.Case{ID: "m1", Way: channel.SMS, To: number, Customer: "C-0001", Commercial: true, Urgent: true}, admit.Wait, "08:00"},
		"at night, mail":              {23, admit.Case{Way: channel.Email, To: "ann@example.com"}, admit.Send, ""},
		"at night, to nobody":         {23, admit.Case{Way: channel.SMS, To: blocked}, admit.Refuse, "any message"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := rules(t, c.hour).Judge(t.Context(), c.c)
			if err != nil || got.Action != c.want || !strings.Contains(got.Reason, c.reason) || (got.Reason == "") != (c.reason == "") {
				t.Errorf("%+v %v", got, err)
			}
			if (got.Basis != "") != (c.c.Commercial && c.want == admit.Send) {
				t.Errorf("the ground is %q", got.Basis)
			}
			if (got.For > 0) != (c.want == admit.Wait) || got.For > 9*time.Hour+5*time.Minute {
				t.Errorf("waits %s", got.For)
			}
		})
	}
}

// What cannot be asked is no answer: the message is tried again.
func TestWhatCannotBeAskedIsAnError(t *testing.T) {
	t.Parallel()
	r := rules(t, 12)
	for _, customer := range []string{"C-0500", "C-0501"} {
		if got, err := r.Judge(t.Context(), admit.Case{Way: channel.SMS, To: number, Customer: customer, Commercial: true}); err == nil {
			t.Errorf("%s: %+v", customer, got)
		}
	}
	besides := func(c admit.Case, want string) {
		t.Helper()
		if got := r.Besides(t.Context(), c); got != want && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("%+v: %q", c, got)
		}
	}
	besides(admit.Case{Way: channel.SMS, To: number, Customer: "C-0003"}, "")
	besides(admit.Case{Way: channel.SMS, To: number, Customer: "C-0001", Commercial: true}, "")
	besides(admit.Case{Way: channel.SMS, To: number, Customer: "C-0003", Commercial: true}, " No consent on record")
	besides(admit.Case{Way: channel.SMS, To: number, Customer: "C-0500", Commercial: true}, "") // nobody knows
	r.Consent, r.Stopped = nil, nil
	got, err := r.Judge(t.Context(), admit.Case{Way: channel.SMS, To: number, Customer: "C-0001", Commercial: true})
	if err != nil || got.Action != admit.Hold {
		t.Errorf("nobody to ask: %+v %v", got, err)
	}
}
