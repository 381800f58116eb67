package twilio_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/twilio/twilio-go/client"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/connectorstest"
	"gigafibre.ca/targo-hub/connectors/twilio"
)

// parcel is a webhook for the oracle.
type parcel struct {
	Token     string `json:"token"`
	URL       string `json:"url"`
	Body      []byte `json:"body"`
	JSON      bool   `json:"json"`
	Signature string `json:"signature,omitempty"`
}

func (p parcel) genuine() bool {
	return twilio.Verify(p.URL, p.Body, []string{p.Signature}, config.Secret(p.Token)) == nil
}

// parcels makes up n webhooks: forms with every kind of letter, with keys that
// repeat, and JSON whose hash stands in the address.
func parcels(dice *rand.Rand, n int) []parcel {
	letters := []rune("abcXYZ019 +&=%;'\"<>/?#éèçÉœ€漢😀\u00a0\r\n\t_-.~!*()")
	text := func(most int) string {
		var b strings.Builder
		for range dice.IntN(most + 1) {
			b.WriteRune(letters[dice.IntN(len(letters))])
		}
		return b.String()
	}
	pick := func(from ...string) string { return from[dice.IntN(len(from))] }
	list := make([]parcel, n)
	for i := range list {
		p := parcel{Token: fmt.Sprintf("%032x", dice.Uint64())}
		p.URL = pick("https", "https", "http") + "://" + pick("hub.example.com", "a.b.example.com", "user:word@hub.example.com", "[2001:db8::7]", "192.0.2.7") +
			pick("", "", ":443", ":80", ":8443") + "/webhooks/twilio/" + pick("sms", "status") + pick("", "", "?a=1", "?message=0190-7&b=%20x")
		form := url.Values{}
		for range 1 + dice.IntN(12) {
			key := pick("From", "To", "Body", "MessageSid", "MediaUrl0", "NumMedia", "NewThing", text(8))
			for range 1 + dice.IntN(2)*dice.IntN(3) {
				form.Add(key, text(20))
			}
		}
		p.Body = []byte(form.Encode())
		if p.JSON = dice.IntN(8) == 0; p.JSON {
			p.Body = fmt.Appendf(nil, `{"n":%d,"text":%q}`, i, text(30))
			base, _, _ := strings.Cut(p.URL, "?")
			p.URL = fmt.Sprintf("%s?bodySHA256=%x", base, sha256.Sum256(p.Body))
		}
		list[i] = p
	}
	return list
}

// flip turns one bit.
func flip(text []byte, bit int) []byte {
	turned := bytes.Clone(text)
	turned[bit/8] ^= 1 << (bit % 8)
	return turned
}

// TestTwilioItselfAgrees takes a thousand made-up webhooks that Twilio's library
// for Node has signed, and compares opinions on them and on what one turned bit
// makes of them.
func TestTwilioItselfAgrees(t *testing.T) {
	t.Parallel()
	oracle := connectorstest.NewOracle(t, "testdata/oracle.cjs", "twilio")
	dice := rand.New(rand.NewPCG(7, 11))
	list := parcels(dice, 1000)
	var signatures []string
	oracle.Ask(t, map[string]any{"sign": list}, &signatures)
	var turned []parcel
	for i := range list {
		p := &list[i]
		p.Signature = signatures[i]
		if !p.genuine() {
			t.Fatalf("what Twilio signed is refused: %+v", *p)
		}
		for range 4 {
			other := *p
			if dice.IntN(2) == 0 {
				other.Signature = strings.ToValidUTF8(string(flip([]byte(p.Signature), dice.IntN(8*len(p.Signature)))), "?")
			} else {
				other.Body = flip(p.Body, dice.IntN(8*len(p.Body)))
			}
			turned = append(turned, other)
		}
	}
	asked := append(list, turned...)
	var verdicts []bool
	oracle.Ask(t, map[string]any{"judge": asked}, &verdicts)
	accepted := 0
	for i, p := range asked {
		if p.genuine() != verdicts[i] {
			t.Errorf("Twilio says %v: %+v (%q)", verdicts[i], p, p.Body)
		}
		if i >= len(list) && verdicts[i] {
			accepted++ // %2b for %2B: the same in other letters
		}
	}
	if len(verdicts) != len(asked) || accepted > len(turned)/50 {
		t.Errorf("%d opinions on %d webhooks, %d of %d turned ones pass", len(verdicts), len(asked), accepted, len(turned))
	}
}

// TestEveryTurnedBitIsRefused turns each bit of signatures and of bodies.
func TestEveryTurnedBitIsRefused(t *testing.T) {
	t.Parallel()
	for _, p := range parcels(rand.New(rand.NewPCG(3, 5)), 4) {
		p.Signature = goSign(p)
		if !p.genuine() {
			t.Fatalf("refused: %+v", p)
		}
		for bit := range 8 * len(p.Signature) {
			other := p
			if other.Signature = string(flip([]byte(p.Signature), bit)); other.genuine() {
				t.Errorf("signature %q passes for %q", other.Signature, p.Signature)
			}
		}
		for bit := range 8 * len(p.Body) {
			other := p
			other.Body = flip(p.Body, bit)
			if other.genuine() && (p.JSON || !strings.EqualFold(string(other.Body), string(p.Body))) {
				t.Errorf("body %q passes for %q", other.Body, p.Body)
			}
		}
	}
}

// goSign signs as Twilio does, for a body whose parameters a url.Values holds.
func goSign(p parcel) string {
	form := url.Values{}
	if !p.JSON {
		form, _ = url.ParseQuery(string(p.Body))
	}
	var b strings.Builder
	for _, pair := range sortedSet(form) {
		b.WriteString(pair[0] + pair[1])
	}
	return signWith(p.Token, p.URL+b.String())
}

// TestTwilioForGoAgrees asks Twilio's library for Go, which knows no key that
// repeats and no JSON.
func TestTwilioForGoAgrees(t *testing.T) {
	t.Parallel()
	asked := 0
	for _, p := range parcels(rand.New(rand.NewPCG(13, 17)), 1200) {
		form, err := url.ParseQuery(string(p.Body))
		single := map[string]string{}
		for key, values := range form {
			if single[key] = values[0]; len(values) > 1 {
				err = fmt.Errorf("%s repeats", key)
			}
		}
		if err != nil || p.JSON || strings.ContainsAny(p.URL, "@[?") {
			continue
		}
		asked++
		p.Signature = goSign(p)
		judge := client.NewRequestValidator(p.Token)
		if !judge.Validate(p.URL, single, p.Signature) || !p.genuine() {
			t.Errorf("opinions differ on %+v", p)
		}
		p.Signature = string(flip([]byte(p.Signature), 9))
		if judge.Validate(p.URL, single, p.Signature) || p.genuine() {
			t.Errorf("a wrong signature passes: %+v", p)
		}
	}
	if asked < 30 {
		t.Errorf("only %d were asked about", asked)
	}
}
