package adapt_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/cmd/targo-hub/adapt"
	"gigafibre.ca/targo-hub/connectors/mailjet"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// What Mailjet tells moves the message on, and keeps what it says of the recipient:
// only a wish is written on the customer, and only what is no wish for offers alone
// stops the next mail.
func TestMailed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		event  mailjet.Event
		status string
		wishes []string
		next   string
	}{
		"sent":         {mailjet.Event{Event: mailjet.EventSent}, "delivered", nil, "sent"},
		"opened":       {mailjet.Event{Event: mailjet.EventOpen}, "opened", nil, "sent"},
		"clicked":      {mailjet.Event{Event: mailjet.EventClick}, "clicked", nil, "sent"},
		"full mailbox": {mailjet.Event{Event: mailjet.EventBounce, Error: "quota exceeded", HardBounce: true}, "bounced", nil, "sent"},
		"no mailbox":   {mailjet.Event{Event: mailjet.EventBounce, Error: "user unknown", HardBounce: true}, "bounced", nil, "failed"},
		"not tried":    {mailjet.Event{Event: mailjet.EventBlocked, Error: "preblocked"}, "bounced", nil, "failed"},
		"spam":         {mailjet.Event{Event: mailjet.EventSpam}, "sent", []string{"email " + address + " out=true spam"}, "failed"},
		"left":         {mailjet.Event{Event: mailjet.EventUnsub}, "sent", []string{"email " + address + " out=true unsub"}, "sent"},
		"a new word":   {mailjet.Event{Event: "dreamt"}, "sent", nil, "sent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t)
			mail := p.send(t, outbox.Email, address, "sent")
			id, err := strconv.ParseInt(mail.ProviderID, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			foreign := mailjet.Event{Event: mailjet.EventOpen, MessageID: 7, CustomID: "another program's", Email: "bob@example.com", Time: time.Now()}
			c.event.MessageID, c.event.CustomID, c.event.Email, c.event.Time = id, mail.ID, address, time.Now()
			for range 2 { // a repetition changes nothing
				taken, err := adapt.Mailed(p.box)(t.Context(), []mailjet.Event{foreign, c.event})
				if err != nil || taken.State != "reported" {
					t.Fatalf("%+v, %v", taken, err)
				}
			}
			if got := p.entry(t, mail.ID).Status; got != c.status {
				t.Errorf("the mail is %s, want %s", got, c.status)
			}
			if diff := cmp.Diff(c.wishes, p.wishes(t)); diff != "" {
				t.Errorf("wishes: %s", diff)
			}
			p.send(t, outbox.Email, address, c.next)
		})
	}
}

// An event that cannot be taken does not keep the others from being taken, and is
// not tried again and again: it is the same tomorrow.
func TestMailedSpoilt(t *testing.T) {
	t.Parallel()
	p := open(t)
	mail := p.send(t, outbox.Email, address, "sent")
	_, err := adapt.Mailed(p.box)(t.Context(), []mailjet.Event{
		{Event: mailjet.EventUnsub, CustomID: mail.ID, Email: "no address", Time: time.Now()},
		{Event: mailjet.EventOpen, CustomID: mail.ID, Email: address, Time: time.Now()},
	})
	if got := p.entry(t, mail.ID).Status; got != "opened" || tries(t, err) != 1 {
		t.Errorf("the mail is %s, %v", got, err)
	}
	if err := p.store.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = adapt.Mailed(p.box)(t.Context(), []mailjet.Event{
		{Event: mailjet.EventUnsub, CustomID: mail.ID, Email: "no address", Time: time.Now()},
		{Event: mailjet.EventUnsub, CustomID: mail.ID, Email: address, Time: time.Now()},
	})
	if tries(t, err) != 3 {
		t.Errorf("the store is closed: %v", err)
	}
}
