package twiliosim

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio's own choice
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signature gives the X-Twilio-Signature of a form post: the address without
// its fragment, then each name with its values, names and values sorted, a
// repeated value once.
func Signature(token, address string, form url.Values) string {
	address, _, _ = strings.Cut(address, "#")
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	for _, name := range names {
		values := slices.Clone(form[name])
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			mac.Write([]byte(name + value))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// follow lets a message run through its statuses in the background and reports
// each to the address that the sender gave. The caller holds the lock.
func (s *Sim) follow(m *message) {
	end := s.endOf(m)
	steps := []outcome{{Status: "queued"}, {Status: "sent"}, end}
	if end.Status == "failed" { // never left Twilio
		steps = []outcome{{Status: "queued"}, end}
	}
	if end.Status == "sent" || end.Status == "queued" {
		steps = steps[:slices.IndexFunc(steps, func(o outcome) bool { return o.Status == end.Status })+1]
	}
	for i := range steps {
		steps[i].Times = end.Times
	}
	s.control.Go(func(ctx context.Context) {
		for _, step := range steps {
			s.enter(m, step)
			if !end.Reversed {
				s.report(ctx, m, step)
			}
			if !wait(ctx, s.opts.Step) {
				return
			}
		}
		for _, step := range slices.Backward(steps) {
			if end.Reversed {
				s.report(ctx, m, step)
			}
		}
	})
}

// wrongNumbers begins the numbers whose messages end with the error code that
// follows.
const wrongNumbers = "+150055"

// endOf is how a message ends: as armed, else as its sender or its number wants
// it. The caller holds the lock.
func (s *Sim) endOf(m *message) outcome {
	end := outcome{Status: "delivered"}
	code := s.broken[cmp.Or(m.from, m.service)]
	if digits, wrong := strings.CutPrefix(m.to, wrongNumbers); wrong && len(digits) == 5 {
		code, _ = strconv.Atoi(digits)
	}
	if i := slices.IndexFunc(s.outcomes, func(o outcome) bool { return o.To == "" || o.To == m.to }); i >= 0 {
		end = s.outcomes[i]
		s.outcomes = slices.Delete(s.outcomes, i, i+1)
	} else if code >= 30000 {
		end = outcome{Status: "undelivered", ErrorCode: code}
		if code == 30001 || code == 30002 { // the queue, the account: it never left
			end.Status = "failed"
		}
	}
	end.Reversed = end.Reversed || s.opts.Reversed
	if s.opts.Twice {
		end.Times = max(end.Times, 2)
	}
	return end
}

func (s *Sim) enter(m *message, step outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.now()
	m.status, m.errorCode, m.updated = step.Status, step.ErrorCode, at
	if m.from == "" && m.service == s.opts.Service && len(s.opts.Numbers) > 0 { // the service picks a sender
		m.from = s.opts.Numbers[len(s.messages)%len(s.opts.Numbers)]
	}
	if step.Status == "sent" && m.sentAt == nil {
		m.sentAt = &at
	}
}

func (s *Sim) report(ctx context.Context, m *message, step outcome) callback {
	s.mu.Lock()
	form := url.Values{
		"AccountSid": {s.opts.AccountSID}, "ApiVersion": {"2010-04-01"}, "From": {m.from}, "To": {m.to},
		"MessageSid": {m.sid}, "SmsSid": {m.sid}, "MessageStatus": {step.Status}, "SmsStatus": {step.Status},
	}
	if m.service != "" {
		form.Set("MessagingServiceSid", m.service)
	}
	if step.ErrorCode != 0 {
		form.Set("ErrorCode", strconv.Itoa(step.ErrorCode))
		form.Set("ErrorMessage", "Simulated failure")
	}
	if step.Status == "delivered" || step.Status == "undelivered" {
		form.Set("RawDlrDoneDate", s.now().Format("0601021504"))
	}
	address := m.callback
	s.mu.Unlock()
	if address == "" {
		return callback{}
	}
	out := s.parcel(address, form)
	for range max(step.Times, 1) {
		out, _ = s.post(ctx, out)
	}
	return out
}

// post sends a signed form to the hub once, as Twilio does by default, and
// returns what it sent and the answer's body.
func (s *Sim) post(ctx context.Context, out callback) (callback, string) {
	target, _, _ := strings.Cut(out.URL, "#")
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(out.Body))
	var answer []byte
	if err == nil {
		for name, value := range out.Headers {
			req.Header.Set(name, value)
		}
		var res *http.Response
		if res, err = s.client.Do(req); err == nil {
			answer, _ = io.ReadAll(io.LimitReader(res.Body, 64<<10))
			_ = res.Body.Close()
			out.Status = res.StatusCode
		}
	}
	if err != nil {
		out.Error = "no answer"
	}
	s.mu.Lock()
	s.callbacks = append(s.callbacks, out)
	s.mu.Unlock()
	s.log.Info("webhook posted", "kind", out.Kind, "status", out.Status)
	return out, string(answer)
}

func (s *Sim) parcel(address string, form url.Values) callback {
	return callback{URL: address, Body: form.Encode(), Kind: form.Get("SmsStatus"), Headers: map[string]string{
		"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8", "User-Agent": "TwilioProxy/1.1", "Accept": "*/*",
		"X-Twilio-Signature": Signature(s.opts.AuthToken, address, form), "I-Twilio-Idempotency-Token": newSID(""),
	}}
}

func hookClient() *http.Client {
	return &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{
		DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, IdleConnTimeout: 10 * time.Second,
	}}
}

func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
