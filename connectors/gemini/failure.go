package gemini

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/connectors"
)

// How a call is made once more.
const (
	tries   = 3
	quick   = 2 * time.Second         // only a failure that came sooner leaves time for another try
	breath  = 300 * time.Millisecond  // between two tries when Google asks for no pause
	useful  = 1500 * time.Millisecond // what an answer takes at least
	patient = 5 * time.Second         // a longer pause is for the caller to wait out
	longest = 24 * time.Hour          // pause that is believed
)

// again makes a call until it succeeds, fails for good, or there is no time left
// for the pause that is asked for and an answer behind it; a long pause is left to
// the caller, who is told of it. ctx has a deadline.
func (c *Client) again(ctx context.Context, call func() error) error {
	for try := 1; ; try++ {
		started := time.Now()
		err := call()
		e, ok := connectors.AsError(err)
		if !ok || try == tries || !passing(e) || time.Since(started) > quick {
			return err
		}
		pause := max(e.RetryAfter, time.Duration(try)*breath)
		if deadline, _ := ctx.Deadline(); pause > patient || time.Until(deadline) < pause+useful || c.wait(ctx, pause) != nil {
			return err
		}
	}
}

// passing tells whether a failure may be over in a moment. An answer that cannot
// be read was billed, and a breaker that is open stays open.
func passing(e *connectors.Error) bool {
	switch e.Code {
	case connectors.CodeBreakerOpen, connectors.CodeBusy, connectors.CodeCancelled, connectors.CodeTimeout, connectors.CodeUnreadable, CodeQuotaDay:
		return false
	}
	return e.Temporary
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// explained adds to a refusal what Google says about it, read from the body as it
// came over the wire.
func explained(err error) error {
	e, ok := connectors.AsError(err)
	if !ok || e.Status < 400 {
		return err
	}
	var f fault
	if json.Unmarshal(e.Body, &f) != nil {
		return err // a gateway's page
	}
	said := f.Error
	switch {
	case said.reason("API_KEY_INVALID"), e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden && said.Status == "PERMISSION_DENIED":
		e.Code, e.Reason = CodeKey, "it refuses the API key"
	case e.Status == http.StatusNotFound && said.Status == "NOT_FOUND":
		e.Code, e.Reason = CodeModel, "it has no such model"
	case e.Status == http.StatusBadRequest && said.speaksOf("thinking", "temperature", "budget", "responseschema", "response_schema", "generationconfig", "generation_config"):
		e.Code, e.Reason = CodeSettings, "the model does not take a parameter of the settings"
	case e.Status == http.StatusTooManyRequests:
		e.Code, e.Reason = CodeQuota, "it asks us to slow down"
		if wait := said.delay(); wait > 0 {
			e.RetryAfter = wait
		}
		if said.daily() {
			e.Code, e.Reason = CodeQuotaDay, "the quota of the day is used up"
			e.RetryAfter = max(e.RetryAfter, time.Hour)
		}
	}
	return err
}

// fault is the body of a refusal.
type fault struct {
	Error status `json:"error"`
}

type status struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	Details []struct {
		Reason     string `json:"reason"`
		RetryDelay string `json:"retryDelay"` // "34s", "1.5s"
		Violations []struct {
			QuotaID string `json:"quotaId"`
		} `json:"violations"`
	} `json:"details"`
}

func (s status) reason(name string) bool {
	for _, d := range s.Details {
		if d.Reason == name {
			return true
		}
	}
	return false
}

func (s status) speaksOf(words ...string) bool {
	if s.Status != "INVALID_ARGUMENT" {
		return false
	}
	text := strings.ToLower(s.Message)
	for _, word := range words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

func (s status) delay() time.Duration {
	for _, d := range s.Details {
		if wait, err := time.ParseDuration(d.RetryDelay); err == nil && wait > 0 {
			return min(wait, longest)
		}
	}
	return 0
}

func (s status) daily() bool {
	for _, d := range s.Details {
		for _, v := range d.Violations {
			if strings.Contains(v.QuotaID, "PerDay") {
				return true
			}
		}
	}
	return false
}
