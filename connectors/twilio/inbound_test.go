package twilio_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors/twilio"
)

// whole writes SIDs out that are shortened here: SM01 is SM and 32 digits.
func whole(text string) string {
	return regexp.MustCompile(`\b(SM|MM)\d{1,2}\b`).ReplaceAllStringFunc(text, func(short string) string {
		return short[:2] + fmt.Sprintf("%032s", short[2:])
	})
}

func TestParseInbound(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]twilio.Inbound{
		"MessageSid=SM01&SmsSid=SM01&AccountSid=AC1&From=%2B15145550142&To=%2B15145550100&Body=+Arr%C3%AAt+&NumMedia=0&NumSegments=1&SmsStatus=received&OptOutType=STOP&MessagingServiceSid=MG1": {
			MessageSID: "SM01", AccountSID: "AC1", ServiceSID: "MG1", From: "+15145550142", To: "+15145550100", Body: " Arrêt ", OptOutType: "STOP", Segments: 1,
		},
		"SmsSid=SM02&From=12345&To=%2B15145550100&Body=": {MessageSID: "SM02", From: "12345", To: "+15145550100"},
		"MessageSid=MM03&From=a&To=b&NumMedia=2&MediaUrl0=https%3A%2F%2Fm%2F0&MediaContentType0=image%2Fjpeg&MediaUrl1=https%3A%2F%2Fm%2F1": {
			MessageSID: "MM03", From: "a", To: "b", Media: []twilio.Media{{"https://m/0", "image/jpeg"}, {"https://m/1", ""}},
		},
		"MessageSid=SM04&From=a&From=a&To=b&Body=%ff": {MessageSID: "SM04", From: "a", To: "b", Body: "\uFFFD"},
	} {
		got, err := twilio.ParseInbound([]byte(whole(body)))
		want.MessageSID = whole(want.MessageSID)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", body, err, diff)
		}
	}
	for _, body := range []string{
		"", "MessageSid=SM1", "MessageSid=SM1&From=a", "From=a&To=b&Body=x", "MessageSid=../../x&From=a&To=b",
		"MessageSid=" + strings.Repeat("S", 65) + "&From=a&To=b", "MessageSid=SM1&SmsSid=SM2&From=a&To=b", "SmsSid=SM1&SmsMessageSid=SM2&From=a&To=b",
		"MessageSid=sm00000000000000000000000000000001&From=a&To=b", "MessageSid=SM0000000000000000000000000000000&From=a&To=b",
		"MessageSid=SM0000000000000000000000000000000g&From=a&To=b", "MessageSid=SM000000000000000000000000000000001&From=a&To=b", "MessageSid=SM1&From=a&From=b&To=c", "MessageSid=SM1&From=a&To=b&Body=x&Body=y",
		"MessageSid=SM1&MessageSid=SM2&From=a&To=b", "MessageSid=SM1&From=a&To=b&NumMedia=1", "MessageSid=SM1&From=a&To=b&NumMedia=-1",
		"MessageSid=SM1&From=a&To=b&NumMedia=99999999", "MessageSid=SM1&From=a&To=b&NumMedia=x", `{"MessageSid":"SM1"}`,
	} {
		if got, err := twilio.ParseInbound([]byte(whole(body))); err == nil || errors.Is(err, twilio.ErrNotInbound) {
			t.Errorf("%s was read as %+v, %v", body, got, err)
		}
	}
	for _, status := range []string{"SmsStatus=sent", "MessageStatus=delivered", "SmsStatus=delivered&MessageStatus=delivered"} {
		if _, err := twilio.ParseInbound([]byte(whole("MessageSid=SM1&From=a&To=b&" + status))); !errors.Is(err, twilio.ErrNotInbound) {
			t.Errorf("%s: %v", status, err)
		}
	}
}

func TestParseStatus(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]twilio.StatusEvent{
		"MessageSid=SM01&MessageStatus=failed&ErrorCode=30034&ErrorMessage=No&From=a&To=b&AccountSid=AC1&MessagingServiceSid=MG1": {
			MessageSID: "SM01", MessageID: "m-1", AccountSID: "AC1", ServiceSID: "MG1", Status: "failed", ErrorCode: 30034, ErrorMessage: "No", From: "a", To: "b",
		},
		"SmsSid=SM02&SmsStatus=sent":                    {MessageSID: "SM02", MessageID: "m-1", Status: "sent"},
		"SmsSid=SM03&SmsStatus=sent&MessageStatus=read": {MessageSID: "SM03", MessageID: "m-1", Status: "read"},
	} {
		got, err := twilio.ParseStatus([]byte(whole(body)), "x=1&message=m-1")
		want.MessageSID = whole(want.MessageSID)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", body, err, diff)
		}
	}
	for _, body := range []string{
		"", "MessageSid=SM1", "MessageStatus=sent", "MessageSid=SM1&MessageStatus=sent&MessageStatus=failed", "MessageSid=SM1&MessageStatus=sent&ErrorCode=x",
	} {
		if got, err := twilio.ParseStatus([]byte(whole(body)), ""); err == nil {
			t.Errorf("%s was read as %+v", body, got)
		}
	}
	if _, err := twilio.ParseStatus([]byte(whole("MessageSid=SM1&MessageStatus=sent")), "message=a&message=b"); err == nil {
		t.Error("a report of two messages was read")
	}
}

// TestNumbersPrintMasked lets a message into a careless log line.
func TestNumbersPrintMasked(t *testing.T) {
	t.Parallel()
	in, err := twilio.ParseInbound([]byte(whole("MessageSid=SM01&From=%2B15145550142&To=%2B15145550100")))
	if text := fmt.Sprintf("%v %+v", in, in); err != nil || strings.Contains(text, "5145550") {
		t.Errorf("%s, %v", text, err)
	}
}

// TestOneSignedTextIsOneMessage cuts what Twilio signed into other names and
// values, which nothing in the signature forbids: no other message comes of it.
func TestOneSignedTextIsOneMessage(t *testing.T) {
	t.Parallel()
	const sid = "SM0123456789abcdef0123456789abcdef"
	signature := signFor(vectorAddress, "BodyBonjourFrom+15145550142MessageSid"+sid+"NumMedia0NumSegments1SmsSid"+sid+"To+15145550100")
	read := 0
	for _, cut := range []string{
		"Body=Bonjour&From=%2B15145550142&MessageSid=" + sid + "&NumMedia=0&NumSegments=1&SmsSid=" + sid + "&To=%2B15145550100",
		"Body=Bonjour&From=%2B15145550142&MessageSid=" + sid + "NumMedia0&NumSegments=1&SmsSid=" + sid + "&To=%2B15145550100",
		"Body=Bonjour&From=%2B15145550142&MessageSid=" + sid + "NumMedia0NumSegments1&SmsSid=" + sid + "&To=%2B15145550100",
		"Body=Bonjour&From=%2B15145550142&MessageSid=" + sid[:33] + "&fNumMedia=0&NumSegments=1&SmsSid=" + sid + "&To=%2B15145550100",
		"Body=Bonjour&From=%2B15145550142&MessageSidSM=" + sid[2:] + "&NumMedia=0&NumSegments=1&SmsSid=" + sid[:33] + "&fTo=%2B15145550100",
		"Body=Bonjour&From=%2B15145550142&MessageSidSM=" + sid[2:] + "&NumMedia=0&NumSegments=1&SmsSid=" + sid + "&To=%2B15145550100",
	} {
		if err := twilio.Verify(vectorAddress, []byte(cut), signature, vectorToken); err != nil {
			continue // not in the order that is signed
		}
		in, err := twilio.ParseInbound([]byte(cut))
		if read++; err == nil && in.MessageSID != sid {
			t.Errorf("%s was read as %s", cut, in.MessageSID)
		}
	}
	if read < 4 {
		t.Errorf("only %d pass the signature", read)
	}
}
