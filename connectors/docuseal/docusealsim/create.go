package docusealsim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/simkit"
)

var phoneForm = regexp.MustCompile(`^\+\d+$`)

// create answers with a bare array of signers, as DocuSeal does.
func (s *Sim) create(w http.ResponseWriter, r *http.Request) {
	if b := s.accepted(w, r); b != nil {
		simkit.WriteJSON(w, http.StatusOK, s.createdView(b))
	}
}

// createInit is the same with an object around it.
func (s *Sim) createInit(w http.ResponseWriter, r *http.Request) {
	if b := s.accepted(w, r); b != nil {
		simkit.WriteJSON(w, http.StatusOK, map[string]any{
			"id": b.id, "submitters": s.createdView(b), "expire_at": stampOf(b.expireAt), "created_at": stamp(b.created),
		})
	}
}

func (s *Sim) accepted(w http.ResponseWriter, r *http.Request) *submission {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4<<20))
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, "JSON parse error: "+err.Error())
		return nil
	}
	var in map[string]any
	if err := json.Unmarshal(raw, &in); err != nil {
		refuse(w, http.StatusUnprocessableEntity, "JSON parse error: "+err.Error())
		return nil
	}
	if id := r.PathValue("id"); id != "" {
		in["template_id"] = id
	}
	var order createOrder
	wrong := validate(in)
	if wrong == "" {
		if err := json.Unmarshal(raw, &order); err != nil {
			wrong = "JSON parse error: " + err.Error()
		}
	}
	if wrong != "" {
		refuse(w, http.StatusUnprocessableEntity, wrong)
		return nil
	}
	id, _ := strconv.ParseInt(text(in["template_id"]), 10, 64)
	s.mu.Lock()
	defer s.mu.Unlock()
	b, wrong := s.build(id, order)
	if wrong != "" {
		refuse(w, http.StatusUnprocessableEntity, wrong)
		return nil
	}
	return b
}

// validate checks the parameters in DocuSeal's order and words. It returns the
// first thing that is wrong.
func validate(in map[string]any) string {
	if blank(in["template_id"]) {
		return "template_id is required"
	}
	signers, ok := in["submitters"].([]any)
	if !ok || len(signers) == 0 {
		return "submitters is required"
	}
	if order := in["order"]; order != nil && order != "preserved" && order != "random" {
		return "order must be one of preserved, random"
	}
	if message, ok := in["message"].(map[string]any); ok && blank(message["body"]) {
		return "body is required in `message`."
	}
	roles := map[string]bool{}
	for i, each := range signers {
		signer, _ := each.(map[string]any)
		if wrong := validateSigner(signer); wrong != "" {
			return fmt.Sprintf("%s in `submitters[%d]`.", wrong, i)
		}
		if role := text(signer["role"]); role != "" && roles[role] {
			return "role must be unique in `submitters`."
		} else if role != "" {
			roles[role] = true
		}
	}
	return ""
}

func validateSigner(in map[string]any) string {
	if blank(in["email"]) && blank(in["phone"]) && blank(in["name"]) {
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
	if phone := text(in["phone"]); phone != "" && !phoneForm.MatchString(phone) {
		return "phone should start with +<country code> and contain only digits"
	}
	if mail := text(in["email"]); mail != "" && !strings.Contains(mail, "@") {
		return "email must follow the email format"
	}
	fields, _ := in["fields"].([]any)
	for i, each := range fields {
		field, _ := each.(map[string]any)
		if blank(field["name"]) && blank(field["uuid"]) {
			return fmt.Sprintf("name or uuid is required in `fields[%d]`", i)
		}
	}
	return ""
}

func (s *Sim) build(templateID int64, order createOrder) (*submission, string) {
	t, found := s.templateOf(templateID)
	switch {
	case !found:
		return nil, "Template not found"
	case t.Archived:
		return nil, "Template has been archived"
	case len(t.Fields) == 0:
		return nil, "Template does not contain fields"
	}
	at := s.now()
	s.lastSubmission++
	b := &submission{
		id: 1000 + s.lastSubmission, slug: newSlug(), name: order.Name, template: t, order: "preserved", source: "api",
		expireAt: order.ExpireAt.time(), created: at, updated: at, variables: cloneValues(order.Variables),
	}
	if order.Order != "" {
		b.order = order.Order
	}
	for i, in := range order.Submitters {
		p, wrong := s.buildSigner(b, i, in)
		if wrong != "" {
			return nil, wrong
		}
		if p != nil {
			p.applyMailing(order, in)
			b.signers = append(b.signers, p)
		}
	}
	s.submissions = append(s.submissions, b)
	s.invite(b)
	events := []*hookEvent{s.newEvent("submission.created", b, nil)}
	for _, p := range b.signers {
		if p.autoSign {
			events = append(events, s.sign(p, nil, "api_complete_form")...)
		}
	}
	s.send(events)
	return b, ""
}

// buildSigner finds the role of a signer (by name, else by place) and fills in
// the values. A nil signer has no role in the template and is left out.
func (s *Sim) buildSigner(b *submission, place int, in signerOrder) (*submitter, string) {
	role := in.Role
	if !slices.Contains(b.template.Roles, role) {
		prefills := len(in.Values)+len(in.Fields) > 0
		if role != "" && prefills {
			return nil, fmt.Sprintf("Unknown submitter role: %s. Template defines [%q]", role, strings.Join(b.template.Roles, `", "`))
		}
		if place >= len(b.template.Roles) {
			return nil, ""
		}
		role = b.template.Roles[place]
	}
	s.lastSigner++
	p := &submitter{
		of: b, id: 2000 + s.lastSigner, slug: newSlug(), role: role, name: in.Name, email: strings.ToLower(in.Email), phone: in.Phone,
		externalID: in.ExternalID, metadata: cloneValues(in.Metadata), values: map[string]any{}, preferences: map[string]any{},
		created: b.created, updated: b.created, redirect: in.CompletedRedirectURL, autoSign: in.Completed,
	}
	if p.externalID == "" {
		p.externalID = in.ApplicationKey
	}
	for name, value := range in.Values {
		if wrong := p.prefill(name, value); wrong != "" {
			return nil, wrong
		}
	}
	for _, f := range in.Fields {
		value := f.DefaultValue
		if value == nil {
			value = f.Value
		}
		if !blank(value) {
			if wrong := p.prefill(f.Name, value); wrong != "" {
				return nil, wrong
			}
		}
		if f.Readonly {
			p.readonly = append(p.readonly, p.fieldName(f.Name))
		}
	}
	for _, name := range in.ReadonlyFields {
		p.readonly = append(p.readonly, p.fieldName(name))
	}
	return p, ""
}

// prefill sets a value; a name that the template does not have is refused.
func (p *submitter) prefill(name string, value any) string {
	known := p.fieldName(name)
	if known == "" {
		return "Unknown field: " + name
	}
	p.values[known] = value
	return ""
}

// fieldName finds a field of this signer by its name, in any case, or with
// underscores for the blanks.
func (p *submitter) fieldName(name string) string {
	for _, f := range p.fields() {
		if strings.EqualFold(f.Name, name) || strings.EqualFold(strings.ReplaceAll(f.Name, " ", "_"), name) {
			return f.Name
		}
	}
	return ""
}

// applyMailing decides whether DocuSeal writes to the signer by itself. It does
// unless it was told not to: leaving send_email out means yes.
func (p *submitter) applyMailing(order createOrder, in signerOrder) {
	mail := on(order.SendEmail, true) && on(in.SendEmail, true)
	p.preferences["send_email"] = mail
	p.preferences["send_sms"] = on(order.SendSMS, false) || on(in.SendSMS, false)
	if p.redirect == "" {
		p.redirect = order.CompletedRedirectURL
	}
	if p.redirect != "" {
		p.preferences["completed_redirect_url"] = p.redirect
	}
	if mail && p.email != "" {
		p.sendRequest = "invitation"
	}
}

// on reads a flag as DocuSeal does: only false and "false" switch it off.
func on(flag any, byDefault bool) bool {
	if flag == nil {
		return byDefault
	}
	return flag != false && flag != "false"
}

func blank(v any) bool { return v == nil || v == "" || v == false }

func text(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

type createOrder struct {
	SendEmail            any            `json:"send_email"`
	SendSMS              any            `json:"send_sms"`
	Order                string         `json:"order"`
	Name                 string         `json:"name"`
	CompletedRedirectURL string         `json:"completed_redirect_url"`
	ExpireAt             moment         `json:"expire_at"`
	Variables            map[string]any `json:"variables"`
	Submitters           []signerOrder  `json:"submitters"`
}

type signerOrder struct {
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

// moment reads the times that DocuSeal takes: RFC 3339, "2026-11-30 12:00:00
// UTC" or a date. Anything else is ignored, as there.
type moment string

func (m moment) time() *time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, string(m)); err == nil {
			t = t.UTC()
			return &t
		}
	}
	return nil
}
