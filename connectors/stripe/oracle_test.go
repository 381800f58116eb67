package stripe_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/connectorstest"
	"gigafibre.ca/targo-hub/connectors/stripe"
)

// parcel is a webhook for the oracle.
type parcel struct {
	Secret string `json:"secret"`
	Body   []byte `json:"body"`
	At     int64  `json:"at"`  // when it was signed
	Now    int64  `json:"now"` // when it is judged
	Header string `json:"header,omitempty"`
}

func (p parcel) genuine() bool {
	return stripe.Verify([]string{p.Header}, p.Body, time.Unix(p.Now, 0), config.Secret(p.Secret)) == nil
}

func parcels(dice *rand.Rand, n int) []parcel {
	letters := []rune("abc {}[]\":,0129é€漢😀\n\t\\/")
	list := make([]parcel, n)
	for i := range list {
		var b strings.Builder
		for range 1 + dice.IntN(200) {
			b.WriteRune(letters[dice.IntN(len(letters))])
		}
		at := 1_700_000_000 + dice.Int64N(100_000_000)
		list[i] = parcel{
			Secret: fmt.Sprintf("whsec_%016x", dice.Uint64()), Body: []byte(b.String()), At: at, Now: at + dice.Int64N(700) - 100,
		}
	}
	return list
}

// flip turns one bit.
func flip(text []byte, bit int) []byte {
	turned := bytes.Clone(text)
	turned[bit/8] ^= 1 << (bit % 8)
	return turned
}

// TestStripeItselfAgrees takes a thousand made-up webhooks that Stripe's library
// for Node has signed, and compares opinions on them and on what one turned bit
// makes of them. In one thing we are stricter: no time far ahead passes.
func TestStripeItselfAgrees(t *testing.T) {
	t.Parallel()
	oracle := connectorstest.NewOracle(t, "testdata/oracle.cjs", "stripe")
	dice := rand.New(rand.NewPCG(7, 11))
	list := parcels(dice, 1000)
	var headers []string
	oracle.Ask(t, map[string]any{"sign": list}, &headers)
	var asked []parcel
	for i := range list {
		p := &list[i]
		p.Header = headers[i]
		if p.genuine() != (p.Now-p.At <= 300) {
			t.Fatalf("signed by Stripe %d s ago, genuine: %v", p.Now-p.At, p.genuine())
		}
		rolled := *p
		_, mine, _ := strings.Cut(p.Header, ",")
		rolled.Header = fmt.Sprintf("t=%d,v1=%064x,%s,v0=abc", p.At, dice.Uint64(), mine)
		asked = append(asked, *p, rolled)
		for range 8 {
			turned := *p
			if dice.IntN(2) == 0 {
				turned.Header = strings.ToValidUTF8(string(flip([]byte(p.Header), dice.IntN(8*len(p.Header)))), "?")
			} else {
				turned.Body = flip(p.Body, dice.IntN(8*len(p.Body)))
			}
			asked = append(asked, turned)
		}
	}
	var verdicts []bool
	oracle.Ask(t, map[string]any{"judge": asked}, &verdicts)
	accepted := 0
	for i, p := range asked {
		if p.genuine() != verdicts[i] {
			t.Errorf("Stripe says %v, %d s later: %+v (%q)", verdicts[i], p.Now-p.At, p, p.Body)
		}
		if verdicts[i] {
			accepted++
		}
	}
	if len(verdicts) != len(asked) || accepted < 1000 || accepted > 2000 {
		t.Errorf("%d opinions on %d webhooks, %d good ones", len(verdicts), len(asked), accepted)
	}
}

func TestEveryTurnedBitIsRefused(t *testing.T) {
	t.Parallel()
	for _, p := range parcels(rand.New(rand.NewPCG(3, 5)), 8) {
		p.Now = p.At
		p.Header = signed(p.Secret, p.Body, p.At)
		if !p.genuine() {
			t.Fatalf("refused: %+v", p)
		}
		for bit := range 8 * len(p.Header) {
			other := p
			if other.Header = string(flip([]byte(p.Header), bit)); other.genuine() {
				t.Errorf("header %q passes for %q", other.Header, p.Header)
			}
		}
		for bit := range 8 * len(p.Body) {
			other := p
			if other.Body = flip(p.Body, bit); other.genuine() {
				t.Errorf("body %q passes for %q", other.Body, p.Body)
			}
		}
	}
}
