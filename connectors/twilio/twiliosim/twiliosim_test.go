package twiliosim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twilio/twilio-go/client"
	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/connectors/twilio/twiliosim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	account = "AC0123456789abcdef0123456789abcdef"
	secret  = "authtoken123"
	from    = "+15145550100"
	to      = "+14185550101"
	path    = "/2010-04-01/Accounts/" + account + "/Messages"
)

type world struct {
	sim    *twiliosim.Sim
	server *httptest.Server
	hub    *httptest.Server
	got    chan callback
	reply  string // what the hub answers with
}

type callback struct {
	signature string
	form      url.Values
}

func newWorld(t *testing.T, change func(*twiliosim.Options)) *world {
	t.Helper()
	w := &world{got: make(chan callback, 50), reply: "<Response/>"}
	w.hub = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		_, _ = io.WriteString(rw, w.reply)
		w.got <- callback{r.Header.Get("X-Twilio-Signature"), r.PostForm}
	}))
	opts := twiliosim.Options{AccountSID: account, AuthToken: secret, InboundURL: w.hub.URL + "/in?x=1", Step: time.Millisecond, Numbers: []string{from}}
	if change != nil {
		change(&opts)
	}
	w.sim = twiliosim.New(opts)
	w.server = httptest.NewServer(w.sim)
	t.Cleanup(func() { w.sim.Close(); w.server.Close(); w.hub.Close() })
	return w
}

func (w *world) next(t *testing.T) callback {
	t.Helper()
	select {
	case c := <-w.got:
		return c
	case <-time.After(5 * time.Second):
		t.Fatal("no callback came")
		return callback{}
	}
}

func (w *world) call(t *testing.T, method, path, body string, out any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "api.twilio.com"
	req.SetBasicAuth(account, secret)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := w.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if out != nil {
		if err := json.NewDecoder(res.Body).Decode(out); err != nil {
			t.Fatal(err)
		}
	}
	return res.StatusCode
}

func (w *world) send(t *testing.T, form url.Values, out any) int {
	t.Helper()
	return w.call(t, "POST", path+".json", form.Encode(), out)
}

func sms(body string) url.Values { return url.Values{"To": {to}, "From": {from}, "Body": {body}} }

// The vectors that Twilio's own client is tested with.
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	form := url.Values{
		"Digits": {"1234"}, "CallSid": {"CA1234567890ABCDE"}, "To": {"+18005551212"}, "Caller": {"+14158675309"},
		"From": {"+14158675309"}, "ReasonConferenceEnded": {"test"}, "Reason": {"Participant"},
	}
	const address, want = "https://mycompany.com/myapp.php?foo=1&bar=2", "vOEb5UThFn24KEfnOFLQY2AE5FY="
	if got := twiliosim.Signature("12345", address, form); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := twiliosim.Signature("12345", address+"#rc=5", form); got != want {
		t.Errorf("the fragment was signed too: %s", got)
	}
	twice := url.Values{"A": {"y", "x", "y"}}
	if twiliosim.Signature("12345", address, twice) != twiliosim.Signature("12345", address, url.Values{"A": {"x", "y"}}) {
		t.Error("a repeated value is signed more than once")
	}
}

func TestSendingFollowsTheMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	form := sms("Bonjour, votre rendez-vous est confirmé")
	form.Set("StatusCallback", w.hub.URL+"/status")
	var out map[string]any
	if status := w.send(t, form, &out); status != http.StatusCreated {
		t.Fatalf("status %d: %v", status, out)
	}
	want := map[string]any{
		"account_sid": account, "api_version": "2010-04-01", "body": form.Get("Body"), "date_sent": nil, "direction": "outbound-api",
		"error_code": nil, "error_message": nil, "from": from, "messaging_service_sid": nil, "num_media": "0", "num_segments": "1",
		"price": nil, "price_unit": "USD", "status": "queued", "to": to,
	}
	for key, value := range want {
		if out[key] != value {
			t.Errorf("%s is %v, want %v", key, out[key], value)
		}
	}
	validator := client.NewRequestValidator(secret)
	for _, status := range []string{"queued", "sent", "delivered"} {
		c := w.next(t)
		flat := map[string]string{}
		for name := range c.form {
			flat[name] = c.form.Get(name)
		}
		if c.form.Get("MessageStatus") != status || c.form.Get("MessageSid") != out["sid"] || !validator.Validate(w.hub.URL+"/status", flat, c.signature) {
			t.Errorf("callback %v, want a signed %q", c.form, status)
		}
	}
	var sent struct {
		Items []struct{ SID, To, Body, Status string }
	}
	w.call(t, "GET", "/_sim/sent", "", &sent)
	if len(sent.Items) != 1 || sent.Items[0].To != to || sent.Items[0].Status != "delivered" {
		t.Errorf("sent %+v", sent)
	}
}

func TestMessagesEndAsArmed(t *testing.T) {
	t.Parallel()
	for _, reversed := range []bool{false, true} {
		w := newWorld(t, func(o *twiliosim.Options) { o.Reversed = reversed })
		w.call(t, "POST", "/_sim/outcome", `{"status":"undelivered","error_code":30003}`, nil)
		form := sms("x")
		form.Set("StatusCallback", w.hub.URL)
		var out struct{ SID string }
		w.send(t, form, &out)
		var got []string
		for range 3 {
			c := w.next(t)
			got = append(got, c.form.Get("MessageStatus")+c.form.Get("ErrorCode"))
		}
		want := []string{"queued", "sent", "undelivered30003"}
		if reversed {
			want = []string{"undelivered30003", "sent", "queued"}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		w.call(t, "POST", "/_sim/status", fmt.Sprintf(`{"sid":%q,"status":"failed","error_code":30008}`, out.SID), nil)
		if c := w.next(t); c.form.Get("MessageStatus") != "failed" || c.form.Get("ErrorCode") != "30008" {
			t.Errorf("callback by hand: %v", c.form)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	live, test := newWorld(t, nil), newWorld(t, func(o *twiliosim.Options) { o.Test = true })
	tests := []struct {
		name, key, value string
		test             bool
		code             int
	}{
		{"no To", "To", "", false, 21604},
		{"no From", "From", "", false, 21603},
		{"no body", "Body", "", false, 21602},
		{"long", "Body", strings.Repeat("a", 1601), false, 21617},
		{"bad To", "To", "5145550100", false, 21211},
		{"itself", "To", from, false, 21266},
		{"not ours", "From", "+15145550199", false, 21606},
		{"bad From", "From", "nobody", false, 21212},
		{"callback", "StatusCallback", "http://my_host/x", false, 21609},
		{"magic invalid", "To", "+15005550001", false, 21211},
		{"magic stopped", "To", "+15005550004", false, 21610},
		{"From invalid", "From", "+15005550001", true, 21212},
		{"From not owned", "From", "+15005550007", true, 21606},
		{"From full", "From", "+15005550008", true, 21611},
		{"From other", "From", from, true, 21606},
		{"To unroutable", "To", "+15005550002", true, 21612},
		{"To region", "To", "+15005550003", true, 21408},
		{"To not mobile", "To", "+15005550009", true, 21614},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, form := live, sms("x")
			if tt.test {
				w, form = test, url.Values{"To": {to}, "From": {"+15005550006"}, "Body": {"x"}}
			}
			form.Set(tt.key, tt.value)
			var out struct {
				Code, Status int
				Message      string
				MoreInfo     string `json:"more_info"`
			}
			status := w.send(t, form, &out)
			if status != 400 || out.Code != tt.code || out.Status != 400 || out.Message == "" || !strings.HasSuffix(out.MoreInfo, fmt.Sprint(tt.code)) {
				t.Errorf("%d %+v, want %d", status, out, tt.code)
			}
		})
	}
}

func TestTestCredentialsCallNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *twiliosim.Options) { o.Test = true })
	form := url.Values{"To": {to}, "From": {"+15005550006"}, "Body": {"x"}, "StatusCallback": {w.hub.URL}}
	if status := w.send(t, form, nil); status != 201 {
		t.Fatalf("status %d", status)
	}
	w.sim.Close()
	if len(w.got) != 0 {
		t.Error("a callback came")
	}
	form.Set("MessagingServiceSid", "MG1")
	if status := w.send(t, form, nil); status != 403 {
		t.Errorf("messaging service: %d, want 403", status)
	}
}

func TestStopAndStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.reply = "<Response><Message>Merci</Message></Response>"
	text := func(body string) (out struct {
		Replies []string
		HTTP    int `json:"http_status"`
	}) {
		w.call(t, "POST", "/_sim/inbound", fmt.Sprintf(`{"from":%q,"body":%q}`, to, body), &out)
		return out
	}
	out := text(" stop ")
	c := w.next(t)
	if c.form.Get("Body") != " stop " || c.form.Get("From") != to || c.form.Get("To") != from || out.HTTP != 200 || len(out.Replies) != 1 {
		t.Errorf("inbound %v, %+v", c.form, out)
	}
	if want := twiliosim.Signature(secret, w.hub.URL+"/in?x=1", c.form); c.signature != want {
		t.Errorf("signature %s, want %s", c.signature, want)
	}
	var refused struct{ Code int }
	if status := w.send(t, sms("x"), &refused); status != 400 || refused.Code != 21610 {
		t.Errorf("after STOP: %d %d", status, refused.Code)
	}
	text("START")
	if status := w.send(t, sms("x"), nil); status != 201 {
		t.Errorf("after START: %d", status)
	}
}

func TestLookingForMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var first, found struct{ SID, Body string }
	w.send(t, sms("un"), &first)
	other := sms("deux")
	other.Set("To", "+14185550102")
	w.send(t, other, nil)
	if w.call(t, "GET", path+"/"+first.SID+".json", "", &found); found.Body != "un" {
		t.Errorf("found %+v", found)
	}
	today := time.Now().UTC().Format(time.DateOnly)
	for query, want := range map[string]int{
		"": 2, "?To=" + url.QueryEscape(to): 1, "?DateSent=2001-01-01": 0, "?DateSent%3E=" + today: 2, "?DateSent%3C=2001-01-01": 0, "?PageSize=1": 1,
	} {
		var out struct{ Messages []struct{ SID string } }
		if w.call(t, "GET", path+".json"+query, "", &out); len(out.Messages) != want {
			t.Errorf("%q: %d messages, want %d", query, len(out.Messages), want)
		}
	}
	if status := w.call(t, "GET", path+"/SMnone.json", "", nil); status != 404 {
		t.Errorf("unknown: %d", status)
	}
}

func TestCredentialsFaultsAndSegments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	rec := httptest.NewRecorder()
	w.sim.ServeHTTP(rec, httptest.NewRequest("GET", path+".json", nil))
	if rec.Code != 401 || !strings.Contains(rec.Body.String(), `"code":20003`) {
		t.Errorf("without credentials: %d %s", rec.Code, rec.Body)
	}
	w.call(t, "POST", "/_sim/fail", `{"status":429}`, nil)
	var out struct{ Code int }
	if status := w.send(t, sms("x"), &out); status != 429 || out.Code != 20429 {
		t.Errorf("too many: %d %d", status, out.Code)
	}
	for body, want := range map[string]string{
		strings.Repeat("é", 160): "1", strings.Repeat("é", 161): "2", strings.Repeat("ê", 70): "1", strings.Repeat("ê", 71): "2", strings.Repeat("€", 81): "2",
	} {
		var out struct {
			Segments string `json:"num_segments"`
		}
		if w.send(t, sms(body), &out); out.Segments != want {
			t.Errorf("%d of %.2s: %s segments, want %s", len([]rune(body)), body, out.Segments, want)
		}
	}
}
