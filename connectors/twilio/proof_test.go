package twilio_test

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/twilio"
)

// The vectors are those of Twilio's own libraries.
const (
	vectorToken   = config.Secret("12345")
	vectorAddress = "https://mycompany.com/myapp.php?foo=1&bar=2"
	vectorHash    = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
)

func vectorForm() []byte {
	return []byte(url.Values{
		"Digits": {"1234"}, "CallSid": {"CA1234567890ABCDE"}, "To": {"+18005551212"}, "Caller": {"+14158675309"},
		"From": {"+14158675309"}, "ReasonConferenceEnded": {"test"}, "Reason": {"Participant"},
	}.Encode())
}

func TestKnownSignatures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, address, body, signature string }{
		{"form", vectorAddress, string(vectorForm()), "vOEb5UThFn24KEfnOFLQY2AE5FY="},
		{"small form", vectorAddress, "property=value&boolean=true", "NBdBDr/T/lgjI+tlgpXjKZQZs/k="},
		{"JSON", vectorAddress + "&bodySHA256=" + vectorHash, `{"property": "value", "boolean": true}`, "a9nBmqA0ju/hNViExpshrM61xv4="},
		{"with the default port", strings.Replace(vectorAddress, ".com", ".com:443", 1), "property=value&boolean=true", "NBdBDr/T/lgjI+tlgpXjKZQZs/k="},
	} {
		if err := twilio.Verify(c.address, []byte(c.body), []string{c.signature}, vectorToken); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		for name, err := range map[string]error{
			"another body":    twilio.Verify(c.address, []byte(c.body+"&a=b"), []string{c.signature}, vectorToken),
			"another address": twilio.Verify(c.address[:len(c.address)-1], []byte(c.body), []string{c.signature}, "54321"),
			"a fragment":      twilio.Verify(c.address+"#rc=2", []byte(c.body), []string{c.signature}, vectorToken),
			"another token":   twilio.Verify(c.address, []byte(c.body), []string{c.signature}, "54321"),
			"no token":        twilio.Verify(c.address, []byte(c.body), []string{c.signature}),
			"empty token":     twilio.Verify(c.address, []byte(c.body), []string{c.signature}, ""),
			"empty signature": twilio.Verify(c.address, []byte(c.body), []string{""}, vectorToken),
			"no signature":    twilio.Verify(c.address, []byte(c.body), nil, vectorToken),
			"two signatures":  twilio.Verify(c.address, []byte(c.body), []string{c.signature, c.signature}, vectorToken),
		} {
			if !errors.Is(err, twilio.ErrSignature) {
				t.Errorf("%s, %s: %v", c.name, name, err)
			}
		}
	}
}

// signFor signs an address and the rest of the text as they are.
func signFor(address, rest string) []string {
	return []string{signWith(vectorToken.Reveal(), address+rest)}
}

func signWith(token, text string) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// sortedSet lists what is signed of a form: each key with each of its values.
func sortedSet(form url.Values) [][2]string {
	var pairs [][2]string
	for key, values := range form {
		for _, value := range values {
			pairs = append(pairs, [2]string{key, value})
		}
	}
	slices.SortFunc(pairs, func(a, b [2]string) int {
		return cmp.Or(strings.Compare(a[0], b[0]), strings.Compare(a[1], b[1]))
	})
	return slices.Compact(pairs)
}

func TestPortsInAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		configured, signed string
		genuine            bool
	}{
		{"https://h.example.com/p", "https://h.example.com/p", true},
		{"https://h.example.com/p", "https://h.example.com:443/p", true},
		{"https://h.example.com:443/p", "https://h.example.com/p", true},
		{"http://h.example.com/p", "http://h.example.com:80/p", true},
		{"http://h.example.com/p", "http://h.example.com:443/p", false},
		{"https://h.example.com:8443/p", "https://h.example.com:8443/p", true},
		{"https://h.example.com:8443/p", "https://h.example.com/p", true},
		{"https://h.example.com:8443/p", "https://h.example.com:443/p", false},
		{"https://[2001:db8::7]/p", "https://[2001:db8::7]:443/p", true},
		{"https://[2001:db8::7]:443/p", "https://[2001:db8::7]/p", true},
		{"https://user:pa:ss@h.example.com/p", "https://user:pa:ss@h.example.com:443/p", true},
		{"https://user:pa:ss@h.example.com/p", "https://h.example.com/p", false},
		{"https://h.example.com?a=b:1", "https://h.example.com:443?a=b:1", true},
		{"https://h.example.com/p?b=2&a=%27x", "https://h.example.com/p?b=2&a=%27x", true},
		{"https://h.example.com/p?b=2&a=1", "https://h.example.com/p?a=1&b=2", false},
		{"https://h.example.com/p", "http://h.example.com/p", false},
		{"no address", "no address", true},
	} {
		err := twilio.Verify(c.configured, []byte("k=v"), signFor(c.signed, "kv"), vectorToken)
		if (err == nil) != c.genuine {
			t.Errorf("configured %s, signed %s: %v", c.configured, c.signed, err)
		}
	}
}

// TestFormsAsTheyCome signs what each form says, and expects it to be believed.
func TestFormsAsTheyCome(t *testing.T) {
	t.Parallel()
	for body, said := range map[string]string{
		"":                           "",
		"b=2&a=1":                    "a1b2",
		"a=2&a=1&a=2":                "a1a2", // a set, sorted
		"a=&a=":                      "a",
		"a=+x+&b=%2B":                "a x b+",
		"a=%E2%82%AC&%C3%A9=1":       "a€é1",
		"a=1;b=2":                    "a1;b=2",
		"a=%zz&b=%4&c=%":             "a%zzb%4c%",
		"a":                          "a",
		"=x":                         "x",
		"&&a=1&":                     "a1",
		"a=b=c":                      "ab=c",
		"Z=1&a=2&_=3":                "Z1_3a2",
		"From=%2b1514&NewFeature=on": "From+1514NewFeatureon",
		"a=x%0D%0Ay&a=%00":           "a\x00ax\r\ny",
		`{"json": true}`:             `{"json": true}`,
	} {
		if err := twilio.Verify(vectorAddress, []byte(body), signFor(vectorAddress, said), vectorToken); err != nil {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestHashedBodies(t *testing.T) {
	t.Parallel()
	body := []byte(`{"a":1}`)
	sum := fmt.Sprintf("%x", sha256.Sum256(body))
	for query, genuine := range map[string]bool{
		"?bodySHA256=" + sum: true, "?x=1&bodySHA256=" + sum: true, "?bodySHA256=" + sum + "&bodySHA256=0": true,
		"?bodySHA256=": false, "?bodySHA256=" + strings.ToUpper(sum): false, "?bodySHA256=" + sum[:63]: false,
		"?bodySHA256=" + hex.EncodeToString(make([]byte, 32)): false, "?bodySHA256=0&bodySHA256=" + sum: false, "": false,
	} {
		address := "https://h.example.com/p" + query
		if err := twilio.Verify(address, body, signFor(address, ""), vectorToken); (err == nil) != genuine {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// TestFormsOfTooManyPairs are refused before anything is sorted, however well
// they are signed.
func TestFormsOfTooManyPairs(t *testing.T) {
	t.Parallel()
	for pairs, genuine := range map[int]bool{1: true, 500: true, 501: false, 30_000: false} {
		body := []byte(strings.TrimSuffix(strings.Repeat("a=1&", pairs), "&"))
		if err := twilio.Verify(vectorAddress, body, signFor(vectorAddress, "a1"), vectorToken); (err == nil) != genuine {
			t.Errorf("%d pairs: %v", pairs, err)
		}
	}
}
