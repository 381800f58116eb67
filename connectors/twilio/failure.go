package twilio

import (
	"encoding/json"
	"strconv"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
)

// explained adds Twilio's code and its meaning to a refusal. The status decides
// whether trying again helps; the table only corrects it where it knows better,
// because Twilio keeps splitting its codes.
func explained(err error) error {
	e, ok := connectors.AsError(err)
	if !ok || e.Status < 400 {
		return err
	}
	var body struct {
		Code int `json:"code"`
	}
	if json.Unmarshal(e.Body, &body) != nil || body.Code == 0 {
		return err
	}
	cause := CauseOf(body.Code)
	e.Code = strconv.Itoa(body.Code)
	e.Reason = cause.Reason(hub.English)
	e.Err = &refusal{cause: cause, err: e.Err}
	if e.Status < 500 {
		e.Temporary = e.Temporary || cause.Temporary
	}
	return err
}

// refusal lets others ask what a code is about without knowing Twilio's codes.
type refusal struct {
	cause Cause
	err   error
}

func (r *refusal) Error() string { return r.cause.en }

// Unwrap returns what the kit has to say.
func (r *refusal) Unwrap() error { return r.err }

// OptedOut tells whether the recipient has stopped us.
func (r *refusal) OptedOut() bool { return r.cause.Class == ClassOptedOut }

// SenderRefused tells whether it is our number that is refused.
func (r *refusal) SenderRefused() bool { return r.cause.Class == ClassSender }
