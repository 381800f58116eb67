package twilio

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/config"
)

// SignatureHeader carries the proof of a webhook.
const SignatureHeader = "X-Twilio-Signature"

// ErrSignature says that a proof is not valid. The text says why, for the log.
var ErrSignature = errors.New("signature not valid")

// bodyHash is the parameter of the address that stands for a body that is no
// form.
const bodyHash = "bodySHA256"

// mostPairs bounds what an unproven form can cost: to sort one takes far longer
// than to send it. Twilio sends some forty parameters.
const mostPairs = 500

// Verify checks the proof of a webhook: base64 of HMAC-SHA1, keyed with the auth
// token, of the address and behind it every parameter of the form, known or not.
// A body that is no form (JSON) is not in there; the address then holds its
// SHA-256, and is all that is signed. nil means genuine; else errors.Is
// ErrSignature.
//
// The address is the one that Twilio was given, with the query that came; it is
// never taken from what a request says of its host or scheme. A fragment is
// neither sent nor signed, so the address must be given without; a # that came in
// a query fits nothing. Twilio is not consistent about the port: an address with
// the default one and the same without any are both tried.
//
// Twilio signs with the primary token of the account; while tokens are rotated
// there may be two. Neither time nor number is signed: a repetition is told by
// the message's SID.
func Verify(address string, body []byte, signatures []string, tokens ...config.Secret) error {
	if len(signatures) != 1 || signatures[0] == "" {
		return fmt.Errorf("%w: there must be one, and there are %d", ErrSignature, len(signatures))
	}
	_, query, _ := strings.Cut(address, "?")
	parameters := ""
	if sums, hashed := parseForm(query)[bodyHash]; hashed {
		sum := sha256.Sum256(body)
		if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(sums[0])) != 1 {
			return fmt.Errorf("%w: the body is not the one whose hash is signed", ErrSignature)
		}
	} else if bytes.Count(body, []byte("&")) >= mostPairs {
		return fmt.Errorf("%w: a form of so many parameters is none of Twilio's", ErrSignature)
	} else {
		parameters = parseForm(string(body)).signed()
	}
	found := 0
	for _, token := range tokens {
		if token.Empty() {
			continue
		}
		for _, form := range addresses(address) {
			found |= subtle.ConstantTimeCompare([]byte(sign(token, form, parameters)), []byte(signatures[0]))
		}
	}
	if found != 1 {
		return fmt.Errorf("%w: another token, another address or another body", ErrSignature)
	}
	return nil
}

func sign(token config.Secret, address, parameters string) string {
	mac := hmac.New(sha1.New, []byte(token.Reveal()))
	mac.Write([]byte(address))
	mac.Write([]byte(parameters))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// addresses are the forms of an address that Twilio may have signed: without the
// port, and with one (its own, or the default of its scheme). Not a letter of
// the rest is changed.
func addresses(address string) []string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return []string{address}
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority, rest := rest[:end], rest[end:]
	user := authority[:strings.LastIndexByte(authority, '@')+1]
	host, port := authority[len(user):], ""
	// A colon inside the brackets of an IPv6 address begins no port.
	if colon := strings.IndexByte(host[strings.LastIndexByte(host, ']')+1:], ':'); colon >= 0 {
		colon += strings.LastIndexByte(host, ']') + 1
		host, port = host[:colon], host[colon:]
	}
	if port == "" {
		port = ":80"
		if strings.EqualFold(scheme, "https") {
			port = ":443"
		}
	}
	return []string{scheme + "://" + user + host + rest, scheme + "://" + user + host + port + rest}
}
