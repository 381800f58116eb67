// Package order reads what a caller asks of a simulated DocuSeal, and refuses it
// in DocuSeal's order and words.
package order

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/simkit"
)

var phoneForm = regexp.MustCompile(`^\+\d+$`)

// Validate checks the parameters in DocuSeal's order and words. It returns the
// first thing that is wrong.
func Validate(in map[string]any) string {
	if Blank(in["template_id"]) {
		return "template_id is required"
	}
	signers, ok := in["submitters"].([]any)
	if !ok || len(signers) == 0 {
		return "submitters is required"
	}
	if order := in["order"]; order != nil && order != "preserved" && order != "random" {
		return "order must be one of preserved, random"
	}
	if message, ok := in["message"].(map[string]any); ok && Blank(message["body"]) {
		return "body is required in `message`."
	}
	roles := map[string]bool{}
	for i, each := range signers {
		signer, _ := each.(map[string]any)
		if wrong := validateSigner(signer); wrong != "" {
			return fmt.Sprintf("%s in `submitters[%d]`.", wrong, i)
		}
		if role := Text(signer["role"]); role != "" && roles[role] {
			return "role must be unique in `submitters`."
		} else if role != "" {
			roles[role] = true
		}
	}
	return ""
}

func validateSigner(in map[string]any) string {
	if Blank(in["email"]) && Blank(in["phone"]) && Blank(in["name"]) {
		return "email or phone or name is required"
	}
	for _, key := range []string{"name", "email", "phone", "role", "external_id"} {
		if _, isText := in[key].(string); in[key] != nil && !isText {
			return key + " must be a String"
		}
	}
	for _, key := range []string{"values", "metadata"} {
		if _, isObject := in[key].(map[string]any); in[key] != nil && !isObject {
			return key + " must be a Object"
		}
	}
	if phone := Text(in["phone"]); phone != "" && !phoneForm.MatchString(phone) {
		return "phone should start with +<country code> and contain only digits"
	}
	if mail := Text(in["email"]); mail != "" && !strings.Contains(mail, "@") {
		return "email must follow the email format"
	}
	fields, _ := in["fields"].([]any)
	for i, each := range fields {
		field, _ := each.(map[string]any)
		if Blank(field["name"]) && Blank(field["uuid"]) {
			return fmt.Sprintf("name or uuid is required in `fields[%d]`", i)
		}
	}
	return ""
}

// On reads a flag as DocuSeal does: only false and "false" switch it off.
func On(flag any, byDefault bool) bool {
	if flag == nil {
		return byDefault
	}
	return flag != false && flag != "false"
}

// Blank tells whether a parameter counts as left out.
func Blank(v any) bool { return v == nil || v == "" || v == false }

// Text reads a text or a number.
func Text(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// Submission is the body of a creation.
type Submission struct {
	SendEmail            any            `json:"send_email"`
	SendSMS              any            `json:"send_sms"`
	Order                string         `json:"order"`
	Name                 string         `json:"name"`
	CompletedRedirectURL string         `json:"completed_redirect_url"`
	ExpireAt             Moment         `json:"expire_at"`
	Variables            map[string]any `json:"variables"`
	Submitters           []Signer       `json:"submitters"`
}

// Signer is one who is to sign, in a creation or a change.
type Signer struct {
	Role                 string         `json:"role"`
	Name                 string         `json:"name"`
	Email                string         `json:"email"`
	Phone                string         `json:"phone"`
	ExternalID           string         `json:"external_id"`
	ApplicationKey       string         `json:"application_key"`
	Completed            bool           `json:"completed"`
	Values               map[string]any `json:"values"`
	Metadata             map[string]any `json:"metadata"`
	SendEmail            any            `json:"send_email"`
	SendSMS              any            `json:"send_sms"`
	CompletedRedirectURL string         `json:"completed_redirect_url"`
	ReadonlyFields       []string       `json:"readonly_fields"`
	Fields               []struct {
		Name         string `json:"name"`
		DefaultValue any    `json:"default_value"`
		Value        any    `json:"value"`
		Readonly     bool   `json:"readonly"`
	} `json:"fields"`
}

// Moment reads the times that DocuSeal takes: RFC 3339, "2026-11-30 12:00:00
// UTC" or a date. Anything else is ignored, as there.
type Moment string

// Time is the instant; nil when there is none.
func (m Moment) Time() *time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, string(m)); err == nil {
			t = t.UTC()
			return &t
		}
	}
	return nil
}

// Rooted serves the API of the cloud, which has a host of its own and no /api
// in its paths.
func Rooted(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = "/api"+r.URL.Path, ""
		api.ServeHTTP(w, r)
	})
}

// Refuse answers with the application's own error.
func Refuse(w http.ResponseWriter, status int, text string) {
	simkit.WriteJSON(w, status, map[string]string{"error": text})
}

// Status writes an error as the real one does: its own JSON where the
// application answers, Rails' where Rails does, HTML from the proxy before it.
func Status(w http.ResponseWriter, _ *http.Request, status int) {
	own := map[int]string{401: "Not authenticated", 403: "Not authorized", 422: "Unprocessable entity", 429: "Too many requests"}
	switch text, known := own[status]; {
	case known:
		Refuse(w, status, text)
	case status == 404 || status == 500:
		simkit.WriteJSON(w, status, map[string]any{"status": status, "error": http.StatusText(status)})
	default:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<html><body><h1>%d %s</h1></body></html>", status, http.StatusText(status))
	}
}
