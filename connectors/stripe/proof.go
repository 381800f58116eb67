package stripe

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
)

// SignatureHeader carries the proof of a webhook.
const SignatureHeader = "Stripe-Signature"

// Tolerance is how far Stripe's clock may be off.
const Tolerance = 5 * time.Minute

// ErrSignature says that a proof is not valid. The text says why, for the log.
var ErrSignature = errors.New("signature not valid")

// ErrTime says, with ErrSignature, that only its time does not fit.
var ErrTime = errors.New("the time is off")

// Verify checks the header "t=<unix seconds>,v1=<hex>" of a webhook: hex is
// HMAC-SHA256 of "<unix seconds>.<raw body>", keyed with the text of a secret as
// a whole ("whsec_…" is not decoded). There may be several v1, while Stripe has
// two secrets, and several secrets here; one that fits is enough. Other schemes
// (v0) prove nothing. nil means genuine; else errors.Is ErrSignature.
//
// The time is that of the attempt. Stripe's own libraries let any time in the
// future pass; here it may be off by the tolerance only, both ways, since a
// signature with a time far ahead could be replayed until then.
func Verify(headers []string, body []byte, now time.Time, secrets ...config.Secret) error {
	if len(headers) != 1 {
		return fmt.Errorf("%w: there must be one, and there are %d", ErrSignature, len(headers))
	}
	stamp, claimed, err := parseHeader(headers[0])
	if err != nil {
		return err
	}
	found := 0
	for _, secret := range secrets {
		if secret.Empty() {
			continue
		}
		mac := hmac.New(sha256.New, []byte(secret.Reveal()))
		mac.Write([]byte(stamp + "."))
		mac.Write(body)
		want := []byte(hex.EncodeToString(mac.Sum(nil)))
		for _, sum := range claimed {
			found |= subtle.ConstantTimeCompare(want, []byte(sum))
		}
	}
	if found != 1 {
		return fmt.Errorf("%w: another secret or another body", ErrSignature)
	}
	seconds, _ := strconv.ParseInt(stamp, 10, 64) // parseHeader has read it
	if age := now.Sub(time.Unix(seconds, 0)); age > Tolerance || age < -Tolerance {
		return fmt.Errorf("%w: %w by more than %s", ErrSignature, ErrTime, Tolerance)
	}
	return nil
}

// mostSignatures bounds the work that a header can cause.
const mostSignatures = 16

func parseHeader(header string) (stamp string, claimed []string, err error) {
	for item := range strings.SplitSeq(header, ",") {
		switch name, value, _ := strings.Cut(item, "="); name {
		case "t":
			seconds, err := strconv.ParseInt(value, 10, 64)
			if err != nil || seconds <= 0 || strconv.FormatInt(seconds, 10) != value || stamp != "" {
				return "", nil, fmt.Errorf("%w: the header holds no time", ErrSignature)
			}
			stamp = value
		case "v1":
			claimed = append(claimed, value)
		}
	}
	if stamp == "" || len(claimed) == 0 || len(claimed) > mostSignatures {
		return "", nil, fmt.Errorf("%w: the header is not of the form t=time,v1=hex", ErrSignature)
	}
	return stamp, claimed, nil
}
