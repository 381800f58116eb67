package twiliosim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors/twilio/twiliosim"
)

const service = "MG0123456789abcdef0123456789abcdef"

// An incoming text has every field that Twilio's has, pictures and all, and is
// signed over them.
func TestReceivedTextIsWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *twiliosim.Options) { o.Service = service })
	body, err := json.Marshal(map[string]any{"from": to, "body": "Ça va? 🛠️", "opt_out_type": "HELP",
		"media": []any{"https://media.example.com/1", map[string]string{"url": "https://media.example.com/2", "type": "image/png"}, map[string]string{}}})
	if err != nil {
		t.Fatal(err)
	}
	w.call(t, "POST", "/_sim/receive", string(body), nil)
	c := w.next(t)
	want := map[string]string{
		"From": to, "To": from, "Body": "Ça va? 🛠️", "NumMedia": "3", "MediaUrl0": "https://media.example.com/1", "MediaContentType0": "image/jpeg",
		"MediaUrl1": "https://media.example.com/2", "MediaContentType1": "image/png", "NumSegments": "1", "SmsStatus": "received",
		"ApiVersion": "2010-04-01", "AccountSid": account, "MessagingServiceSid": service, "OptOutType": "HELP", "FromCountry": "CA",
	}
	for name, value := range want {
		if got := c.form.Get(name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	if sid := c.form.Get("MessageSid"); sid[:2] != "MM" || c.form.Get("SmsSid") != sid || c.form.Get("SmsMessageSid") != sid {
		t.Errorf("ids %v", c.form)
	}
	if c.signature != twiliosim.Signature(secret, w.hub.URL+"/in?x=1", c.form) {
		t.Error("the signature is not over all of it")
	}
}

// When the hub does not answer well the fallback address is asked once, and told
// why; nothing is tried again.
func TestFallback(t *testing.T) {
	t.Parallel()
	asked := make(chan url.Values, 5)
	fallback := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		asked <- r.PostForm
		_, _ = io.WriteString(w, "<Response/>")
	}))
	defer fallback.Close()
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer down.Close()
	w := newWorld(t, func(o *twiliosim.Options) { o.InboundURL, o.FallbackURL = down.URL, fallback.URL+"/late" })
	w.call(t, "POST", "/_sim/receive", fmt.Sprintf(`{"from":%q,"body":"x"}`, to), nil)
	form := <-asked
	if form.Get("ErrorCode") != "11200" || form.Get("ErrorUrl") != down.URL || form.Get("Body") != "x" || len(asked) != 0 {
		t.Errorf("the fallback got %v, and %d more", form, len(asked))
	}
}

// A STOP to one number of a service counts for all of it, however it was said.
func TestStopCountsForTheService(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *twiliosim.Options) {
		o.Service, o.Numbers = service, []string{from, "+15145550102"}
	})
	bySevice := url.Values{"To": {to}, "MessagingServiceSid": {service}, "Body": {"x"}}
	for _, step := range []struct {
		text string
		want int
	}{
		{`"body":"Revoke"`, 400},
		{`"body":"start"`, 201},
		{`"body":"arrêtez de m'écrire","opt_out_type":"STOP"`, 400},
		{`"body":"stop it"`, 400},
		{`"body":"YES"`, 201},
		{`"body":"please stop"`, 201},
	} {
		w.call(t, "POST", "/_sim/receive", fmt.Sprintf(`{"from":%q,%s}`, to, step.text), nil)
		w.next(t)
		other := sms("x")
		other.Set("From", "+15145550102")
		for _, form := range []url.Values{bySevice, other} {
			if status := w.send(t, form, nil); status != step.want {
				t.Errorf("after %s: %d, want %d", step.text, status, step.want)
			}
		}
	}
}

// A service answers "accepted" without a sender, and picks one.
func TestServicePicksASender(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *twiliosim.Options) { o.Service = service })
	var out struct {
		From, Status string
		Service      string `json:"messaging_service_sid"`
	}
	form := url.Values{"To": {to}, "MessagingServiceSid": {service}, "Body": {"x"}, "StatusCallback": {w.hub.URL}}
	if w.send(t, form, &out); out.Status != "accepted" || out.From != "" || out.Service != service {
		t.Errorf("created %+v", out)
	}
	var got []string
	for range 3 {
		c := w.next(t)
		got = append(got, c.form.Get("MessageStatus")+" "+c.form.Get("From")+" "+c.form.Get("MessagingServiceSid"))
	}
	if diff := cmp.Diff([]string{"queued " + from + " " + service, "sent " + from + " " + service, "delivered " + from + " " + service}, got); diff != "" {
		t.Error(diff)
	}
}

// Callbacks come late, twice and in the wrong order where that is asked for, and
// bad numbers end with their code.
func TestCallbacksOfBadNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *twiliosim.Options) { o.Twice = true })
	w.call(t, "POST", "/_sim/outcome", `{"to":"+14185550105","status":"delivered","reversed":true,"times":1}`, nil)
	for _, tc := range []struct {
		to   string
		want []string
	}{
		{"+15005530003", []string{"queued", "queued", "sent", "sent", "undelivered 30003", "undelivered 30003"}},
		{"+15005530002", []string{"queued", "queued", "failed 30002", "failed 30002"}},
		{"+14185550105", []string{"delivered", "delivered", "sent", "sent", "queued", "queued"}},
	} {
		form := sms("x")
		form.Set("To", tc.to)
		form.Set("StatusCallback", w.hub.URL+"/status?message=1")
		if status := w.send(t, form, nil); status != 201 {
			t.Fatalf("%s: %d", tc.to, status)
		}
		var got []string
		for range tc.want {
			c := w.next(t)
			one := c.form.Get("MessageStatus")
			if code := c.form.Get("ErrorCode"); code != "" {
				one += " " + code
			}
			if final := one != "queued" && one != "sent" && one != "failed 30002"; final != (len(c.form.Get("RawDlrDoneDate")) == 10) {
				t.Errorf("%s: date %q", one, c.form.Get("RawDlrDoneDate"))
			}
			if c.signature != twiliosim.Signature(secret, w.hub.URL+"/status?message=1", c.form) {
				t.Errorf("%s: wrong signature", one)
			}
			got = append(got, one)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", tc.to, diff)
		}
	}
}

func TestBrokenSendersAndAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	send := func() (int, int) {
		var out struct{ Code int }
		form := sms("x")
		form.Set("StatusCallback", w.hub.URL)
		status := w.send(t, form, &out)
		return status, out.Code
	}
	for _, tc := range []struct{ code, status int }{{21611, 400}, {20429, 429}, {30034, 201}, {0, 201}} {
		w.call(t, "POST", "/_sim/sender", fmt.Sprintf(`{"from":%q,"error_code":%d}`, from, tc.code), nil)
		status, code := send()
		if status != tc.status || status != 201 && code != tc.code {
			t.Errorf("a sender with %d: %d %d", tc.code, status, code)
		}
		for i := 0; status == 201 && i < 3; i++ {
			c := w.next(t)
			if last := c.form.Get("MessageStatus"); i == 2 && tc.code != 0 && (last != "undelivered" || c.form.Get("ErrorCode") != "30034") {
				t.Errorf("30034 ends %q %s", last, c.form.Get("ErrorCode"))
			}
		}
	}
	if status := w.call(t, "POST", "/_sim/account", `{"status":"gone"}`, nil); status != 422 {
		t.Errorf("an unknown standing: %d", status)
	}
	w.call(t, "POST", "/_sim/account", `{"status":"suspended"}`, nil)
	var shown struct{ Status string }
	w.call(t, "GET", "/2010-04-01/Accounts/"+account+".json", "", &shown)
	if status, code := send(); status != 403 || code != 20005 || shown.Status != "suspended" {
		t.Errorf("suspended: %d %d, shown %q", status, code, shown.Status)
	}
	w.call(t, "POST", "/_sim/reset", "", nil)
	if status, _ := send(); status != 201 {
		t.Errorf("after a reset: %d", status)
	}
}
