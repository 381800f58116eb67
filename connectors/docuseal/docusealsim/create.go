package docusealsim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim/form"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim/order"
	"gigafibre.ca/targo-hub/simkit"
)

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
		order.Refuse(w, http.StatusUnprocessableEntity, "JSON parse error: "+err.Error())
		return nil
	}
	var in map[string]any
	if err := json.Unmarshal(raw, &in); err != nil {
		order.Refuse(w, http.StatusUnprocessableEntity, "JSON parse error: "+err.Error())
		return nil
	}
	if id := r.PathValue("id"); id != "" {
		in["template_id"] = id
	}
	var asked order.Submission
	wrong := order.Validate(in)
	if wrong == "" {
		if err := json.Unmarshal(raw, &asked); err != nil {
			wrong = "JSON parse error: " + err.Error()
		}
	}
	if wrong != "" {
		order.Refuse(w, http.StatusUnprocessableEntity, wrong)
		return nil
	}
	id, _ := strconv.ParseInt(order.Text(in["template_id"]), 10, 64)
	s.mu.Lock()
	defer s.mu.Unlock()
	b, wrong := s.build(id, asked)
	if wrong != "" {
		order.Refuse(w, http.StatusUnprocessableEntity, wrong)
		return nil
	}
	return b
}

func (s *Sim) build(templateID int64, asked order.Submission) (*submission, string) {
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
		id: 1000 + s.lastSubmission, slug: form.Slug(), name: asked.Name, template: t, order: "preserved", source: "api",
		expireAt: asked.ExpireAt.Time(), created: at, updated: at, variables: cloneValues(asked.Variables),
	}
	if asked.Order != "" {
		b.order = asked.Order
	}
	for i, in := range asked.Submitters {
		p, wrong := s.buildSigner(b, i, in)
		if wrong != "" {
			return nil, wrong
		}
		if p != nil {
			p.applyMailing(asked, in)
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
func (s *Sim) buildSigner(b *submission, place int, in order.Signer) (*submitter, string) {
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
		of: b, id: 2000 + s.lastSigner, slug: form.Slug(), role: role, name: in.Name, email: strings.ToLower(in.Email), phone: in.Phone,
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
		if !order.Blank(value) {
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
func (p *submitter) applyMailing(asked order.Submission, in order.Signer) {
	mail := order.On(asked.SendEmail, true) && order.On(in.SendEmail, true)
	p.preferences["send_email"] = mail
	p.preferences["send_sms"] = order.On(asked.SendSMS, false) || order.On(in.SendSMS, false)
	if p.redirect == "" {
		p.redirect = asked.CompletedRedirectURL
	}
	if p.redirect != "" {
		p.preferences["completed_redirect_url"] = p.redirect
	}
	if mail && p.email != "" {
		p.sendRequest = "invitation"
	}
}

func (s *Sim) updateSubmitter(w http.ResponseWriter, r *http.Request) {
	var in order.Signer
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in); err != nil {
		order.Refuse(w, http.StatusUnprocessableEntity, "JSON parse error: "+err.Error())
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.submitterByID(r.PathValue("id"))
	switch {
	case p == nil:
		order.Status(w, r, http.StatusNotFound)
		return
	case p.completedAt != nil:
		order.Refuse(w, http.StatusUnprocessableEntity, "Submitter has already completed the submission.")
		return
	case p.declinedAt != nil:
		order.Refuse(w, http.StatusUnprocessableEntity, "Submitter has already declined the submission.")
		return
	}
	for name, value := range in.Values {
		if wrong := p.prefill(name, value); wrong != "" {
			order.Refuse(w, http.StatusUnprocessableEntity, wrong)
			return
		}
	}
	p.change(in, s.now())
	if in.Completed {
		s.send(s.sign(p, nil, "api_complete_form"))
	}
	simkit.WriteJSON(w, http.StatusOK, s.fullSubmitterView(p))
}

func (p *submitter) change(in order.Signer, at time.Time) {
	for target, value := range map[*string]string{&p.name: in.Name, &p.email: in.Email, &p.phone: in.Phone, &p.externalID: in.ExternalID} {
		if value != "" {
			*target = value
		}
	}
	if in.Metadata != nil {
		p.metadata = cloneValues(in.Metadata)
	}
	p.updated = at
}
