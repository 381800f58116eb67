package signing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// probeFor is how long DocuSeal itself would wait for an answer.
const probeFor = 15 * time.Second

const (
	probeHeader = "X-Targo-Probe"           // has the door not remember the refusal
	refusedKey  = "inbox:refused:" + source // where the door remembers the others
	unsigned    = "signature missing"       // the door's words for the reason
	tooOld      = "signature too old"
)

// refusals is what the door remembers of deliveries that were not proven.
type refusals struct {
	Count  int64     `json:"count"`
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
	Reason string    `json:"reason"`
}

func (r *Reconciler) refused(ctx context.Context) (told refusals, err error) {
	raw, _, err := r.deps.Store.Value(ctx, refusedKey)
	if errors.Is(err, keep.ErrNotFound) {
		return refusals{}, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &told)
	}
	if err != nil {
		return refusals{}, fmt.Errorf("reading how many deliveries of DocuSeal were refused: %w", err)
	}
	return told, nil
}

// since tells whether somebody was refused after the last good delivery.
func (told refusals) since(h history) bool { return told.Count > 0 && told.Last.After(h.last) }

// words say how many were refused, and what that may mean.
func (told refusals) words() string {
	what := fmt.Sprintf("%d deliveries were refused since %s, the last one %s", told.Count, hub.Moment(told.First, hub.English), day(told.Last))
	if told.Count == 1 {
		what = fmt.Sprintf("1 delivery was refused %s", day(told.Last))
	}
	why := "the secret in DocuSeal is not the one of the hub"
	switch told.Reason {
	case unsigned:
		why += ` or there is none, its button "Test Webhook" was pressed`
	case tooOld:
		why = "the clocks of DocuSeal and of the hub differ, an old delivery was sent again"
	}
	return fmt.Sprintf("%s (%s): %s, or somebody else knocks", what, told.Reason, why)
}

// knocks says who was refused.
func (v *visit) knocks(told refusals, h history) {
	switch {
	case told.since(h):
		v.say(Warn, "%s", told.words())
	case told.Count > 0:
		v.say(OK, "%s; a proven one came after that", told.words())
	}
}

// probe posts an unsigned delivery to the hub's own public address, as DocuSeal
// would reach it. Only the hub refuses it in the right words; whatever else
// answers there is what DocuSeal's webhooks meet. No redirect is followed.
func (v *visit) probe(ctx context.Context) {
	address := v.deps.Public(hookPath)
	client := connectors.New(connectors.Options{System: "public-address", BaseURL: v.deps.Public(""), Timeout: probeFor, MaxBody: 64 << 10})
	defer client.Close()
	req, err := http.NewRequestWithContext(connectors.WithOp(ctx, "webhook.probe"), http.MethodPost, address, strings.NewReader("{}"))
	if err != nil {
		v.say(Fail, "the public address of the hub (TARGO_PUBLIC_URL) cannot be used")
		return
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(probeHeader, "doctor")
	resp, err := client.HTTP().Do(req)
	if err != nil {
		told := "no answer"
		if e, ok := connectors.AsError(err); ok {
			told = e.Reason
		}
		v.say(Warn, "%s cannot be reached from here (%s): whether DocuSeal can is not known", address, told)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // half a page says as much as a whole one
	v.answered(address, resp.StatusCode, body)
}

// answered judges what the public address said.
func (v *visit) answered(address string, status int, body []byte) {
	var problem struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(body, &problem) // another page has no code
	what := fmt.Sprintf("status %d", status)
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		what = fmt.Sprintf("a page with status %d", status)
	}
	switch {
	case status == http.StatusUnauthorized && problem.Code == "signature-invalid":
		v.say(OK, "%s reaches this hub, which refuses an unsigned delivery, as it must", address)
	case status == http.StatusServiceUnavailable && problem.Code == "secret-missing":
		v.say(Fail, "%s reaches this hub, which has no secret and refuses every webhook", address)
	case status >= 300 && status < 400:
		v.say(Fail, "%s answers with a redirect (%d), as a sign-in page in front of the hub does: DocuSeal takes that for delivered, and signatures are "+
			"lost without a trace. Let /webhooks/ and /accept/ past the sign-in", address, status)
	case status >= 200 && status < 300:
		v.say(Fail, "%s takes an unsigned delivery (%s): that is not this hub; TARGO_PUBLIC_URL or the proxy is wrong, and signatures are lost", address, what)
	case problem.Code == "" && (status == http.StatusUnauthorized || status == http.StatusForbidden):
		v.say(Fail, "%s is refused by something in front of the hub (%d): let /webhooks/ and /accept/ past it", address, status)
	case problem.Code != "" && (status == http.StatusTooManyRequests || status >= 500):
		v.say(Warn, "%s reaches a hub that is busy or not ready (%d)", address, status)
	default:
		v.say(Fail, "%s does not lead to this hub (%s): TARGO_PUBLIC_URL or the proxy is wrong", address, what)
	}
}

func loopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

func loopbackText(address string) bool {
	u, err := url.Parse(address)
	return err == nil && loopback(u)
}
