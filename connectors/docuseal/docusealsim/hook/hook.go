// Package hook sends the webhooks of a simulated DocuSeal: one call with its
// proofs, and what counts as delivered.
package hook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Parcel is one webhook call, ready to be sent by anybody.
type Parcel struct {
	Event   string            `json:"event_type"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Status  int               `json:"http_status,omitempty"` // the hub's answer, when it was delivered
	Taken   *bool             `json:"delivered,omitempty"`   // nil when it was not sent
}

// Post sends the parcel once and returns the status of the answer.
func (p Parcel) Post(ctx context.Context, client *http.Client) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, bytes.NewReader([]byte(p.Body)))
	if err != nil {
		return 0, fmt.Errorf("making the webhook call: %w", err)
	}
	for name, value := range p.Headers {
		req.Header.Set(name, value)
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("posting the webhook: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, nil
}

// Attempt is one try at delivering.
type Attempt struct {
	At     time.Time `json:"at"`
	Status int       `json:"status,omitempty"` // 0 when no answer came
	Error  string    `json:"error,omitempty"`
}

// OK tells whether DocuSeal counts the try as delivered: any answer below 400,
// redirects included; it does not follow them and does not mind them.
func (a Attempt) OK() bool { return a.Status >= 200 && a.Status < 400 }

// Signature gives the X-Docuseal-Signature of a body that is sent at t: the
// time, a dot, and the HMAC over both with the whole secret text as the key.
func Signature(secret string, t time.Time, body []byte) string {
	at := strconv.FormatInt(t.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(at + "."))
	mac.Write(body)
	return at + "." + hex.EncodeToString(mac.Sum(nil))
}

// Settings is a webhook as an operator registers it in the pages of DocuSeal. It
// has two proofs in two tabs: the signature, and a header of the operator's own.
type Settings struct {
	URL         string   `json:"url"`         // empty: no webhook is registered
	Secret      string   `json:"secret"`      // of the signature, whsec_..., used as text; empty sends none
	HeaderName  string   `json:"header_name"` // the operator's own header; empty sends none
	HeaderValue string   `json:"header_value"`
	Events      []string `json:"events"` // default the four form events, as for a new webhook
}

// Wants tells whether events of a kind are posted.
func (s Settings) Wants(kind string) bool { return s.URL != "" && s.Shows(kind) }

// Shows tells whether the control API shows an event: those that the hub would
// get, if a webhook were registered.
func (s Settings) Shows(kind string) bool {
	if s.Events == nil {
		return strings.HasPrefix(kind, "form.")
	}
	return slices.Contains(s.Events, kind)
}

// Prove adds the proofs of a body that is sent at t. A header of the operator's
// that has the name of the signature's takes its place.
func (s Settings) Prove(header map[string]string, t time.Time, body []byte) {
	if s.Secret != "" {
		header[signatureHeader] = Signature(s.Secret, t, body)
	}
	if s.HeaderName != "" {
		header[http.CanonicalHeaderKey(s.HeaderName)] = s.HeaderValue
	}
}

const signatureHeader = "X-Docuseal-Signature"

// Signs tells whether a version of DocuSeal signs: 2.5.3 was the first.
func Signs(version string) bool {
	var have [3]int
	_, err := fmt.Sscanf(version, "%d.%d.%d", &have[0], &have[1], &have[2])
	return err == nil && slices.Compare(have[:], []int{2, 5, 3}) >= 0
}

// Client waits as long as DocuSeal does: 8 s for the connection, 15 s for
// the answer.
func Client() *http.Client {
	return &http.Client{
		Timeout:       23 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: 8 * time.Second}).DialContext,
			ResponseHeaderTimeout: 15 * time.Second,
			IdleConnTimeout:       10 * time.Second,
		},
	}
}

// Wait waits; false when the context ended first.
func Wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
