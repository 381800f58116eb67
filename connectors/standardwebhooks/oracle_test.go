package standardwebhooks_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/connectorstest"
	"gigafibre.ca/targo-hub/connectors/standardwebhooks"
)

// parcel is a webhook as it came out, for the oracle.
type parcel struct {
	Secret  string            `json:"secret"`
	Body    []byte            `json:"body"`
	Headers map[string]string `json:"headers"`
}

func secretOf(dice *rand.Rand) string {
	key := make([]byte, 24+dice.IntN(41))
	for i := range key {
		key[i] = byte(dice.Uint32())
	}
	return "whsec_" + base64.StdEncoding.EncodeToString(key)
}

// TestTheStandardAgrees sends made-up webhooks and shows them to the official
// library for Node, as they are and with one bit of them turned.
func TestTheStandardAgrees(t *testing.T) {
	t.Parallel()
	oracle := connectorstest.NewOracle(t, "testdata/oracle.cjs", "standardwebhooks")
	dice := rand.New(rand.NewPCG(5, 17))
	r := newReceiver(t, http.StatusOK)
	letters := []rune(`abc 0129é€漢😀\n/.,`)
	var good, bad []parcel
	for i := range 100 {
		first, second := secretOf(dice), secretOf(dice)
		text := make([]rune, dice.IntN(200))
		for j := range text {
			text[j] = letters[dice.IntN(len(letters))]
		}
		c := standardwebhooks.New(standardwebhooks.Config{
			Secret: config.Secret(first), SecretNext: config.Secret(second), Hosts: []string{r.host()}, Timeout: time.Second,
		}, standardwebhooks.Deps{})
		body := fmt.Appendf(nil, `{"n":%d,"text":%q}`, i, string(text))
		if err := c.Send(t.Context(), standardwebhooks.Webhook{ID: fmt.Sprintf("m-%d/x", i), URL: r.URL, Body: body}); err != nil {
			t.Fatal(err)
		}
		headers := map[string]string{}
		for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
			headers[name] = r.got[i].Get(name)
		}
		good = append(good, parcel{first, body, headers}, parcel{second, body, headers})
		turned := bytes.Clone(body)
		turned[1+dice.IntN(4)] ^= 1 // within ASCII: what is not UTF-8 would be read otherwise
		bad = append(bad, parcel{first, turned, headers}, parcel{secretOf(dice), body, headers})
	}
	for _, c := range []struct {
		list []parcel
		want bool
	}{{good, true}, {bad, false}} {
		var verdicts []bool
		oracle.Ask(t, map[string]any{"judge": c.list}, &verdicts)
		if len(verdicts) != len(c.list) {
			t.Fatalf("%d opinions on %d webhooks", len(verdicts), len(c.list))
		}
		for i, verdict := range verdicts {
			if verdict != c.want {
				t.Errorf("the library says %v: %q with %v", verdict, c.list[i].Body, c.list[i].Headers)
			}
		}
	}
}
