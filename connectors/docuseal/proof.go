package docuseal

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
)

// SignatureHeader carries the proof of a webhook.
const SignatureHeader = "X-Docuseal-Signature"

// Tolerance is how far DocuSeal's clock may be off.
const Tolerance = 5 * time.Minute

// ErrSignature says that a proof is not valid. The text says why, for the log.
var ErrSignature = errors.New("signature not valid")

// ErrTime says, with ErrSignature, that only its time does not fit.
var ErrTime = errors.New("the time is off")

// VerifySignature checks the header "<unix seconds>.<hex>" of a webhook: hex is
// HMAC-SHA256 of "<unix seconds>.<raw body>", keyed with the text of the secret
// as a whole ("whsec_…" is not decoded). The time is that of the attempt, so a
// repeated delivery is signed afresh. nil means genuine; else errors.Is
// ErrSignature.
func VerifySignature(header string, body []byte, secret config.Secret, now time.Time, tolerance time.Duration) error {
	if secret.Empty() {
		return fmt.Errorf("%w: no secret is configured", ErrSignature)
	}
	stamp, sum, ok := strings.Cut(header, ".")
	if !ok {
		return fmt.Errorf("%w: the header is not of the form time.hex", ErrSignature)
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || seconds <= 0 || strconv.FormatInt(seconds, 10) != stamp {
		return fmt.Errorf("%w: the header holds no time", ErrSignature)
	}
	if len(sum) != hex.EncodedLen(sha256.Size) {
		return fmt.Errorf("%w: the header holds no digest", ErrSignature)
	}
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	if !hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(sum)) {
		return fmt.Errorf("%w: another secret or another body", ErrSignature)
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return fmt.Errorf("%w: %w by more than %s", ErrSignature, ErrTime, tolerance)
	}
	return nil
}

// VerifyHeader checks the fixed header that an operator has set in DocuSeal, the
// only proof that versions before 2.5.3 have. Several of them, or one that is
// empty, prove nothing.
func VerifyHeader(header http.Header, cfg Config) error {
	name, want := cfg.Header()
	if name == "" || want == "" {
		return fmt.Errorf("%w: no header is configured", ErrSignature)
	}
	given := header.Values(name)
	if len(given) != 1 || subtle.ConstantTimeCompare([]byte(given[0]), []byte(want)) != 1 {
		return fmt.Errorf("%w: the fixed header is missing or wrong", ErrSignature)
	}
	return nil
}

// Signing is the first version that signs its webhooks.
const Signing = "2.5.3"

var versionForm = regexp.MustCompile(`^v?(\d+)\.(\d+)\.(\d+)$`)

// Signs tells whether a version of DocuSeal signs its webhooks.
func Signs(version string) (bool, error) {
	have, want := versionForm.FindStringSubmatch(version), versionForm.FindStringSubmatch(Signing)
	if have == nil {
		return false, errors.New("not a version")
	}
	for i := 1; i < len(want); i++ {
		h, _ := strconv.Atoi(have[i]) // digits
		w, _ := strconv.Atoi(want[i])
		if h != w {
			return h > w, nil
		}
	}
	return true, nil
}
