package outbox_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// reached is a record of customers.
func reached(d *outbox.Deps) {
	d.Contact = func(_ context.Context, customer string) (outbox.Contact, error) {
		switch customer {
		case "C-1":
			return outbox.Contact{Phone: number, Mail: address, Lang: hub.English}, nil
		case "C-SILENT":
			return outbox.Contact{Lang: hub.French}, nil
		case "C-AWAY":
			return outbox.Contact{}, hub.Fail(hub.Unavailable, "upstream-unavailable", "", errors.New("away"))
		}
		return outbox.Contact{}, hub.Fail(hub.NotFound, "not-found", "", nil)
	}
}

func TestACustomerIsReached(t *testing.T) {
	t.Parallel()
	f := open(t, outbox.Config{}, nil, reached)
	for name, test := range map[string]struct {
		m    outbox.Message
		to   string
		lang hub.Lang
	}{
		"by SMS":         {outbox.Message{Channel: outbox.SMS, Body: "hello", Customer: "C-1"}, number, hub.English},
		"by mail":        {outbox.Message{Channel: outbox.Email, Subject: "s", Body: "hello", Customer: "C-1"}, address, hub.English},
		"blank":          {outbox.Message{Channel: outbox.SMS, To: " ", Body: "hello", Customer: "C-1"}, number, hub.English},
		"another lang":   {outbox.Message{Channel: outbox.SMS, Body: "allo", Customer: "C-1", Lang: hub.French}, number, hub.French},
		"another number": {outbox.Message{Channel: outbox.SMS, To: "514 555-0177", Body: "hello", Customer: "C-GONE"}, "+15145550177", hub.French},
	} {
		entry := f.queue(test.m)
		if entry.To != test.to || entry.Lang != test.lang || entry.Customer != test.m.Customer {
			t.Errorf("%s: %s %s %s", name, entry.To, entry.Lang, entry.Customer)
		}
	}
}

func TestWhoCannotBeReached(t *testing.T) {
	t.Parallel()
	f := open(t, outbox.Config{}, nil, reached)
	for body, want := range map[string]struct {
		status int
		code   string
	}{
		`{"channel":"sms","body":"x","customer":"C-SILENT"}`:                 {422, "no-contact"},
		`{"channel":"email","subject":"s","body":"x","customer":"C-SILENT"}`: {422, "no-contact"},
		`{"channel":"sms","body":"x","customer":"C-GONE"}`:                   {404, "not-found"},
		`{"channel":"sms","body":"x","customer":"C-AWAY"}`:                   {503, "upstream-unavailable"},
		`{"channel":"sms","body":"x"}`:                                       {422, "phone-invalid"},
		`{"channel":"sms","to":"","body":"x","customer":"C-1"}`:              {202, ""},
		`{"channel":"sms","body":"x","customer":"C-1"}`:                      {202, ""},
	} {
		var problem struct{ Code, Detail string }
		if status := f.call(hub.RoleStaff, http.MethodPost, "/messages", body, &problem); status != want.status || problem.Code != want.code {
			t.Errorf("%s: %d %+v", body, status, problem)
		}
		if want.status == 422 && problem.Detail == "" {
			t.Errorf("%s: no words", body)
		}
	}
}
