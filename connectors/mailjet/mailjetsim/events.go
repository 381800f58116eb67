package mailjetsim

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

var eventTypes = []string{"sent", "open", "click", "bounce", "blocked", "spam", "unsub"}

// hook is a registered webhook address.
type hook struct {
	ID        int64  `json:"ID"`
	EventType string `json:"EventType"`
	URL       string `json:"Url"`
	Version   int    `json:"Version"` // 2 groups events in an array, 1 sends them one by one
	IsBackup  bool   `json:"IsBackup"`
	Status    string `json:"Status"` // alive or dead
	APIKeyID  int64  `json:"APIKeyID"`
}

// delivery is one webhook call, as it was (or would be) sent.
type delivery struct {
	At     time.Time `json:"at"`
	URL    string    `json:"url"` // without user and password
	Body   string    `json:"body"`
	Status int       `json:"http_status,omitempty"` // the hub's answer; only 200 counts as taken
}

// reportAll reports the same kind of event for several messages in one call, as
// Mailjet groups them. The caller holds the lock.
func (s *Sim) reportAll(kind string, messages []*message) {
	var group []map[string]any
	for _, m := range messages {
		if s.arrives(m) {
			group = append(group, s.event(m, eventOrder{Event: kind}))
		}
	}
	h := s.hookFor(kind)
	if h == nil || len(group) == 0 {
		return
	}
	for _, body := range bodies(*h, group) {
		s.control.Go(func(ctx context.Context) { s.deliver(ctx, h, body) })
	}
}

// deliver posts until the hub answers exactly 200; after a day of failures the
// address is dead until somebody registers it again.
func (s *Sim) deliver(ctx context.Context, h *hook, body []byte) {
	tries := int(24 * time.Hour / (30 * time.Second))
	for range tries {
		s.mu.Lock()
		address, alive := h.URL, h.Status == "alive"
		s.mu.Unlock()
		if !alive || s.post(ctx, address, body).Status == http.StatusOK || !wait(ctx, s.opts.RetryUnit) {
			return
		}
	}
	s.mu.Lock()
	h.Status = "dead"
	s.mu.Unlock()
}

func (s *Sim) post(ctx context.Context, address string, body []byte) delivery {
	out := delivery{At: s.now(), URL: withoutUser(address), Body: string(body)}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body)) // user:password@ becomes Basic
	if err == nil {
		req.Header.Set("Content-Type", "application/json")
		var res *http.Response
		if res, err = s.client.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
			_ = res.Body.Close()
			out.Status = res.StatusCode
		}
	}
	s.mu.Lock()
	s.posts = append(s.posts, out)
	s.mu.Unlock()
	s.log.Info("webhook posted", "status", out.Status, "answered", err == nil)
	return out
}

// event writes one event and lets it change the message. The caller holds the
// lock.
func (s *Sim) event(m *message, in eventOrder) map[string]any {
	in.reason()
	e := map[string]any{
		"event": in.Event, "time": s.now().Unix(), "MessageID": m.id, "Message_GUID": m.uuid, "email": m.to,
		"mj_campaign_id": 7257, "mj_contact_id": 4, "customcampaign": "", "CustomID": m.order.CustomID, "Payload": m.order.EventPayload,
	}
	more := map[string]map[string]any{
		"sent":    {"mj_message_id": strconv.FormatInt(m.id, 10), "smtp_reply": "250 2.0.0 OK"},
		"open":    {"ip": "198.51.100.9", "geo": "CA", "agent": "Mozilla/5.0 (simulated)"},
		"click":   {"ip": "198.51.100.9", "geo": "CA", "agent": "Mozilla/5.0 (simulated)", "url": in.URL},
		"bounce":  {"blocked": in.HardBounce, "hard_bounce": in.HardBounce, "error_related_to": in.ErrorRelatedTo, "error": in.Error, "comment": in.Comment},
		"blocked": {"error_related_to": in.ErrorRelatedTo, "error": in.Error},
		"spam":    {"source": "JMRPP"},
		"unsub":   {"mj_list_id": 1, "ip": "198.51.100.9", "geo": "CA", "agent": "Mozilla/5.0 (simulated)"},
	}
	for key, value := range more[in.Event] {
		e[key] = value
	}
	states := map[string]string{"sent": "sent", "open": "opened", "click": "clicked", "bounce": "softbounced", "blocked": "blocked", "spam": "spam", "unsub": "unsub"}
	m.status = states[in.Event]
	if in.Event == "bounce" && in.HardBounce {
		m.status = "hardbounced"
	}
	return e
}

// bodies are the calls that report a group: one array, or one object each.
func bodies(h hook, group []map[string]any) [][]byte {
	var out [][]byte
	if h.Version != 1 {
		raw, _ := json.Marshal(group) // plain data, cannot fail
		return append(out, raw)
	}
	for _, e := range group {
		raw, _ := json.Marshal(e)
		out = append(out, raw)
	}
	return out
}

func withoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.User = nil
	return u.String()
}

func hookClient() *http.Client {
	return &http.Client{
		Timeout:       15 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, IdleConnTimeout: 10 * time.Second},
	}
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
