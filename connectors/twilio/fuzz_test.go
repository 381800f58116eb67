package twilio_test

import (
	"bytes"
	"net/url"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/twilio"
)

// FuzzVerify believes nothing that is not signed, and everything that is.
func FuzzVerify(f *testing.F) {
	f.Add("https://hub.example.com/webhooks/twilio/sms", []byte("From=%2B15145550142&Body=a+b&Body=a&To=%zz;&x"), "vOEb5UThFn24KEfnOFLQY2AE5FY=")
	f.Add(vectorAddress+"&bodySHA256="+vectorHash, []byte(`{"property": "value", "boolean": true}`), "a9nBmqA0ju/hNViExpshrM61xv4=")
	f.Add(vectorAddress, vectorForm(), "vOEb5UThFn24KEfnOFLQY2AE5FY=")
	f.Add("https://[2001:db8::7]:443?x=1#rc=2", []byte("%%%41=&&=&%c3%28"), "")
	f.Add("no address", []byte{0, '%', 0xff, '&', '='}, "=")
	f.Fuzz(func(t *testing.T, address string, body []byte, signature string) {
		err := twilio.Verify(address, body, []string{signature}, vectorToken)
		if twilio.Verify(address, body, []string{signature}, "") == nil || twilio.Verify(address, body, nil, vectorToken) == nil {
			t.Error("believed without a token or a signature")
		}
		form, odd := url.ParseQuery(string(body))
		u, strange := url.Parse(address)
		if bytes.Count(body, []byte("&")) >= 500 || strings.Contains(address, "#") {
			return // refused, however they are signed
		}
		if odd != nil || strange != nil || u.Host == "" || u.Fragment != "" || len(u.Query()["bodySHA256"]) > 0 || u.Port() != "" {
			return // nobody else here reads these
		}
		p := parcel{Token: string(vectorToken.Reveal()), URL: address, Body: body}
		rest := ""
		for _, pair := range sortedSet(form) {
			rest += pair[0] + pair[1]
		}
		good := signWith(p.Token, address+rest)
		if e := twilio.Verify(address, body, []string{good}, config.Secret(p.Token)); e != nil {
			t.Errorf("a good signature of %q (%q) is refused: %v", address, body, e)
		}
		port := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
		u.Host += port
		if err == nil && signature != good && port == "" {
			t.Errorf("%q passes for %q", signature, good)
		}
	})
}

// FuzzParse reads what anybody may have put into a form.
func FuzzParse(f *testing.F) {
	f.Add([]byte("MessageSid=SM00000000000000000000000000000001&From=%2B15145550142&To=%2B15145550100&Body=Arr%C3%AAt&NumMedia=1&MediaUrl0=https%3A%2F%2Fm&SmsStatus=received"), "")
	f.Add([]byte("MessageSid=SM00000000000000000000000000000001&MessageStatus=failed&ErrorCode=30034&From=a&To=b"), "message=m-1")
	f.Add([]byte("MessageSid=SM1&MessageSid=SM2&From=a;b%zz&NumMedia=-1&=&&"), "message=%&message")
	f.Fuzz(func(t *testing.T, body []byte, query string) {
		in, err := twilio.ParseInbound(body)
		if err == nil && (len(in.MessageSID) != 34 || in.From == "" || in.To == "" || len(in.Media) > 10) {
			t.Errorf("%q was read as %+v", body, in)
		}
		status, err := twilio.ParseStatus(body, query)
		if err == nil && (len(status.MessageSID) != 34 || status.Status == "") {
			t.Errorf("%q was read as %+v", body, status)
		}
	})
}
