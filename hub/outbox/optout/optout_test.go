package optout_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox/channel"
	"gigafibre.ca/targo-hub/hub/outbox/optout"
)

func TestKeywords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]optout.Keyword{
		"STOP": optout.Stop, " Stop. ": optout.Stop, "stop!": optout.Stop, "\u200bSTOP\n": optout.Stop, "ARRET": optout.Stop,
		"ARRÊT": optout.Stop, "Arre\u0302t": optout.Stop, "arrêtez": optout.Stop, "«arrêt»": optout.Stop, "Désabonner": optout.Stop,
		"unsubscribe": optout.Stop, "STOPALL": optout.Stop, "END": optout.Stop, "quit": optout.Stop, "REVOKE": optout.Stop,
		"START": optout.Start, "Début": optout.Start, "unstop": optout.Start, "HELP": optout.Help, "aide?": optout.Help, "info": optout.Help,
		"": "", "?": "", "stop it": "", "arrêtez de m'écrire": "", "stopp": "", "non": "", "oui": "", "yes": "", "YES!": "", "stop2": "", "s t o p": "", "nonstop": "",
		strings.Repeat("stop", 20): "", "🛑": "", "bus stop": "",
	} {
		if got := optout.KeywordOf(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

const number = "+15145550123"

func at(minute int) time.Time { return time.Date(2026, 11, 22, 12, minute, 0, 0, time.UTC) }

// What people want, in whatever order it comes.
func TestLedger(t *testing.T) {
	t.Parallel()
	stop := func(minute int, scope optout.Scope, source string) optout.OptOut {
		return optout.OptOut{Channel: channel.SMS, Address: "514 555-0123", Scope: scope, Source: source, At: at(minute)}
	}
	for name, c := range map[string]struct {
		outs, ins           []optout.OptOut
		commercial, service string // who stops it, "" for nobody
	}{
		"nobody":                    {},
		"stopped offers":            {outs: []optout.OptOut{stop(1, optout.Commercial, "STOP")}, commercial: "STOP"},
		"no scope is the smaller":   {outs: []optout.OptOut{stop(1, "", "STOP")}, commercial: "STOP"},
		"stopped all":               {outs: []optout.OptOut{stop(1, optout.All, "21610")}, commercial: "21610", service: "21610"},
		"by text and to a person":   {outs: []optout.OptOut{stop(1, optout.All, "STOP"), stop(2, optout.All, "staff: angry")}, ins: []optout.OptOut{stop(3, "", "START")}, commercial: "staff: angry", service: "staff: angry"},
		"to a person, then START":   {outs: []optout.OptOut{stop(1, optout.All, "staff: angry")}, ins: []optout.OptOut{stop(3, "", "START")}, commercial: "staff: angry", service: "staff: angry"},
		"spam, then START":          {outs: []optout.OptOut{stop(1, "", "spam")}, ins: []optout.OptOut{stop(3, "", "START")}, commercial: "spam"},
		"to a person, before START": {outs: []optout.OptOut{stop(5, "", "STOP"), stop(2, "", "staff: angry")}, ins: []optout.OptOut{stop(6, "", "START")}, commercial: "staff: angry"},
		"taken back by a person":    {outs: []optout.OptOut{stop(1, optout.All, "staff: angry"), stop(2, "", "STOP")}, ins: []optout.OptOut{stop(3, "", "staff: asked for it")}},
		"twice is once":             {outs: []optout.OptOut{stop(1, optout.Commercial, "STOP"), stop(2, optout.Commercial, "unsub")}, commercial: "STOP"},
		"taken back":                {outs: []optout.OptOut{stop(1, optout.All, "21610")}, ins: []optout.OptOut{stop(2, "", "START")}},
		"taken back, in part":       {outs: []optout.OptOut{stop(1, optout.Commercial, "STOP"), stop(1, optout.All, "21610")}, ins: []optout.OptOut{stop(2, optout.All, "staff")}, commercial: "STOP"},
		"stopped again, START late": {outs: []optout.OptOut{stop(1, optout.Commercial, "STOP"), stop(5, optout.Commercial, "STOP")}, ins: []optout.OptOut{stop(3, "", "START")}, commercial: "STOP"},
		"an old START comes late":   {outs: []optout.OptOut{stop(5, optout.Commercial, "STOP")}, ins: []optout.OptOut{stop(2, "", "START")}, commercial: "STOP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ledger := optout.NewLedger(hubtest.Store(t), time.Now, nil)
			for _, o := range c.outs {
				if err := ledger.Add(t.Context(), o); err != nil {
					t.Fatal(err)
				}
			}
			for _, o := range c.ins {
				if err := ledger.Lift(t.Context(), o); err != nil {
					t.Fatal(err)
				}
			}
			for commercial, want := range map[bool]string{true: c.commercial, false: c.service} {
				got, err := ledger.Blocks(t.Context(), channel.SMS, number, commercial)
				if err != nil || (got == nil) != (want == "") || (got != nil && got.Source != want) {
					t.Errorf("commercial %v: %+v %v, want %q", commercial, got, err, want)
				}
			}
			if got, err := ledger.Blocks(t.Context(), channel.SMS, "+15145550124", true); got != nil || err != nil {
				t.Errorf("a neighbour is stopped: %+v %v", got, err)
			}
		})
	}
}

// A STOP that arrives after the START that came later says nothing new.
func TestLateStopIsOvertaken(t *testing.T) {
	t.Parallel()
	heard := 0
	ledger := optout.NewLedger(hubtest.Store(t), time.Now, func(context.Context, optout.Change) error {
		heard++
		return nil
	})
	word, err := ledger.Heard(t.Context(), optout.Text{From: number, Body: "Start", At: at(5)})
	if err != nil || word != optout.Start {
		t.Fatal(word, err)
	}
	word, err = ledger.Heard(t.Context(), optout.Text{From: number, To: "+15145550100", Body: "arrêt", At: at(1)})
	if err != nil || word != optout.Stop {
		t.Fatal(word, err)
	}
	if got, err := ledger.Of(t.Context(), channel.SMS, number); len(got) != 0 || err != nil || heard != 0 {
		t.Errorf("%+v %v, heard %d", got, err, heard)
	}
}

func TestHeard(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body, handled string
		word          optout.Keyword
		want          []optout.Standing
	}{
		"ours":              {"ARRÊT", "", optout.Stop, []optout.Standing{{Channel: channel.SMS, To: "+1514•••0123", Scope: optout.Commercial, Source: "STOP", Sender: "+15145550100", At: at(1)}}},
		"handled by Twilio": {"stop please", "STOP", optout.Stop, []optout.Standing{{Channel: channel.SMS, To: "+1514•••0123", Scope: optout.All, Source: "STOP", Sender: "+15145550100", At: at(1)}}},
		"help":              {"AIDE", "", optout.Help, nil},
		"a text":            {"Bonjour, stop.", "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ledger := optout.NewLedger(hubtest.Store(t), time.Now, nil)
			text := optout.Text{From: number, To: "+15145550100", Body: c.body, OptOutType: c.handled, At: at(1)}
			for range 2 { // a delivery may come twice
				if word, err := ledger.Heard(t.Context(), text); err != nil || word != c.word {
					t.Fatalf("%q, %v", word, err)
				}
			}
			got, err := ledger.Of(t.Context(), channel.SMS, number)
			if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}

// An answer to a question takes nothing back, unless the provider says that it was
// meant so; and nobody is told of what was not there.
func TestWhatTakesAnOptOutBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		source, body, handled string
		lifts                 bool
	}{
		"START":                  {"STOP", "START", "", true},
		"a word of ours":         {"21610", "Début", "", true},
		"YES":                    {"STOP", "Yes", "", false},
		"YES, says the provider": {"STOP", "YES", "START", true},
		"oui":                    {"STOP", "Oui", "", false},
		"YES after a call":       {"staff: by telephone", "Yes", "", false},
		"START after a call":     {"staff: by telephone", "START", "START", false},
		"START, nothing stands":  {"", "START", "START", false},
		"YES, nothing stands":    {"", "YES", "", false},
		"more than a word":       {"STOP", "START of something", "", false},
		"START after leaving":    {"unsub", "START", "START", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var told []optout.Change
			ledger := optout.NewLedger(hubtest.Store(t), time.Now, func(_ context.Context, c optout.Change) error {
				told = append(told, c)
				return nil
			})
			stop := optout.OptOut{Channel: channel.SMS, Address: number, Scope: optout.All, Source: c.source, At: at(1)}
			if c.source != "" {
				if err := ledger.Add(t.Context(), stop); err != nil {
					t.Fatal(err)
				}
			}
			told = nil
			for range 2 {
				if _, err := ledger.Heard(t.Context(), optout.Text{From: number, Body: c.body, OptOutType: c.handled, At: at(3)}); err != nil {
					t.Fatal(err)
				}
			}
			stands, err := ledger.Blocks(t.Context(), channel.SMS, number, false)
			if lifted := stands == nil && c.source != ""; err != nil || lifted != c.lifts || (len(told) == 1) != c.lifts {
				t.Errorf("%+v %v, told %+v", stands, err, told)
			}
		})
	}
}

// As long as something stands, nobody hears that offers are welcome again; and a
// failure to say so leaves the opt-out in force.
func TestTakenBackInPart(t *testing.T) {
	t.Parallel()
	var told []bool
	var away error
	ledger := optout.NewLedger(hubtest.Store(t), time.Now, func(_ context.Context, c optout.Change) error {
		told = append(told, c.Out)
		return away
	})
	wish := func(scope optout.Scope, source string, minute int) optout.OptOut {
		return optout.OptOut{Channel: channel.SMS, Address: number, Scope: scope, Source: source, At: at(minute)}
	}
	for _, o := range []optout.OptOut{wish(optout.Commercial, optout.SourceStop, 1), wish(optout.All, optout.SourceBlocked, 2)} {
		if err := ledger.Add(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if err := ledger.Lift(t.Context(), wish(optout.All, "staff: unblocked", 3)); err != nil {
		t.Fatal(err)
	}
	away = errors.New("away")
	if err := ledger.Lift(t.Context(), wish("", "staff: asked for it", 4)); !errors.Is(err, away) {
		t.Errorf("the failure is lost: %v", err)
	}
	if stop, err := ledger.Blocks(t.Context(), channel.SMS, number, true); stop == nil || err != nil {
		t.Errorf("taken back behind everybody's back, %v", err)
	}
	away = nil
	if err := ledger.Lift(t.Context(), wish("", "staff: asked for it", 4)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]bool{true, true, false, false}, told); diff != "" {
		t.Error(diff)
	}
}

// What no message can be sent to needs no opt-out: its texts must not get stuck.
func TestWordsOfWhoIsNoNumber(t *testing.T) {
	t.Parallel()
	ledger := optout.NewLedger(hubtest.Store(t), time.Now, nil)
	for _, from := range []string{"INFOS", "24680", ""} {
		if word, err := ledger.Heard(t.Context(), optout.Text{From: from, Body: "STOP", At: at(1)}); word != optout.Stop || err != nil {
			t.Errorf("%s: %q %v", from, word, err)
		}
	}
}

// Many tell the same at once; who keeps the history hears it, again after a failure.
func TestChangesAreToldAndAudited(t *testing.T) {
	t.Parallel()
	store := hubtest.Store(t)
	var mu sync.Mutex
	var heard []optout.Change
	fail := errors.New("away")
	ledger := optout.NewLedger(store, time.Now, func(_ context.Context, c optout.Change) error {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, c)
		if len(heard) == 1 {
			return fail
		}
		return nil
	})
	out := optout.OptOut{Channel: channel.Email, Address: "Ann <ann@Example.com>", Scope: optout.All, Source: optout.SourceSpam, At: at(3)}
	if err := ledger.Add(t.Context(), out); !errors.Is(err, fail) {
		t.Fatalf("the failure is lost: %v", err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := ledger.Add(t.Context(), out); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	want := optout.Change{Channel: channel.Email, Address: "ann@example.com", Out: true, Scope: optout.All, Source: "spam", At: at(3)}
	if len(heard) != 9 || heard[8] != want {
		t.Errorf("heard %d times, at last %+v", len(heard), heard[len(heard)-1])
	}
	records, _, err := store.Audits(t.Context(), keep.AuditFilter{Action: "message.opt-out"})
	if err != nil || len(records) != 1 || records[0].Name != "a•••@example.com" || records[0].Detail != "email all: spam" {
		t.Errorf("%+v %v", records, err)
	}
	if err := ledger.Add(t.Context(), optout.OptOut{Channel: channel.SMS, Address: "x"}); !hub.IsKind(err, hub.Invalid) {
		t.Errorf("no number: %v", err)
	}
}
