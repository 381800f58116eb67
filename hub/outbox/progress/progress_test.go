package progress_test

import (
	"slices"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub/outbox/progress"
)

func TestFollows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		now, next string
		sms, mail bool
	}{
		{progress.Sent, progress.Delivered, true, true},
		{progress.Sent, progress.Sent, false, false},
		{progress.Delivered, progress.Sent, false, false},
		{progress.MaybeSent, progress.Sent, true, true},
		{progress.MaybeSent, progress.Undelivered, true, true},
		{progress.Sent, progress.Undelivered, true, true},
		{progress.Delivered, progress.Undelivered, false, true},
		{progress.Delivered, progress.Bounced, false, true},
		{progress.Opened, progress.Bounced, false, false},
		{progress.Bounced, progress.Delivered, false, false},
		{progress.Undelivered, progress.Delivered, false, false},
		{progress.Delivered, progress.Opened, true, true},
		{progress.Clicked, progress.Opened, false, false},
		{progress.Failed, progress.Delivered, false, false},
		{progress.Cancelled, progress.Delivered, false, false},
		{progress.Captured, progress.Sent, false, false},
		{progress.Queued, progress.Sent, false, false},
	} {
		if got := progress.Follows(c.now, c.next, false); got != c.sms {
			t.Errorf("SMS %s -> %s: %v", c.now, c.next, got)
		}
		if got := progress.Follows(c.now, c.next, true); got != c.mail {
			t.Errorf("mail %s -> %s: %v", c.now, c.next, got)
		}
	}
}

// Whatever is reported, no word comes twice: there is no way back.
func TestNoWayBack(t *testing.T) {
	t.Parallel()
	words := strings.Split("queued captured sending sent maybe-sent failed cancelled delivered undelivered bounced opened clicked accepted", " ")
	for _, mail := range []bool{false, true} {
		var walk func(path []string)
		walk = func(path []string) {
			for _, next := range words {
				if !progress.Follows(path[len(path)-1], next, mail) {
					continue
				}
				if slices.Contains(path, next) {
					t.Errorf("round in a circle: %q %s", path, next)
					continue
				}
				walk(append(slices.Clone(path), next))
			}
		}
		for _, word := range words {
			walk([]string{word})
		}
	}
}

func TestReported(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"failed": "undelivered", "delivered": "delivered", "sent": "sent", "clicked": "clicked",
		"queued": "", "accepted": "", "maybe-sent": "", "captured": "", "": "",
	} {
		got, news := progress.Reported(word)
		if news != (want != "") || (news && got != want) {
			t.Errorf("%q is %q, %v", word, got, news)
		}
	}
	for _, word := range []string{progress.Queued, progress.MaybeSent, progress.Undelivered, progress.Clicked} {
		if !strings.Contains(progress.Doc, word) {
			t.Errorf("%s is not described", word)
		}
	}
}
