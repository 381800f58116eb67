package docusealsim

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim/form"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim/order"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim/paging"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim/wire"
	"gigafibre.ca/targo-hub/simkit"
)

func (s *Sim) showUser(w http.ResponseWriter, _ *http.Request) {
	simkit.WriteJSON(w, http.StatusOK, owner)
}

func (s *Sim) listTemplates(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	rows := slices.Clone(s.opts.Templates)
	slices.SortFunc(rows, func(a, b Template) int { return int(b.ID - a.ID) })
	rows = slices.DeleteFunc(rows, func(t Template) bool {
		external := q.Get("external_id")
		return t.Archived != (q.Get("archived") == "true") || external != "" && external != t.ExternalID ||
			!strings.Contains(strings.ToLower(t.Name), strings.ToLower(q.Get("q")))
	})
	paging.Page(w, q, rows, func(t Template) int64 { return t.ID }, func(t Template) any { return s.templateView(t) })
}

func (s *Sim) showTemplate(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	t, found := s.templateOf(id)
	if !found {
		order.Status(w, r, http.StatusNotFound)
		return
	}
	simkit.WriteJSON(w, http.StatusOK, s.templateView(t))
}

func (s *Sim) listSubmissions(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []*submission
	for _, b := range slices.Backward(s.submissions) {
		if s.submissionFits(b, q) {
			rows = append(rows, b)
		}
	}
	paging.Page(w, q, rows, func(b *submission) int64 { return b.id }, func(b *submission) any {
		view := s.submissionView(b)
		view.Events, view.Documents = nil, nil
		return view
	})
}

func (s *Sim) submissionFits(b *submission, q url.Values) bool {
	if want := q.Get("q"); want != "" && !slices.ContainsFunc(b.signers, func(p *submitter) bool {
		return strings.Contains(strings.ToLower(p.name+" "+p.email+" "+p.phone), strings.ToLower(want))
	}) {
		return false
	}
	return is(q, "template_id", strconv.FormatInt(b.template.ID, 10)) && is(q, "slug", b.slug) &&
		is(q, "status", b.status(s.now())) && is(q, "archived", strconv.FormatBool(b.archivedAt != nil))
}

func (s *Sim) showSubmission(w http.ResponseWriter, r *http.Request) {
	s.withSubmission(w, r, func(b *submission) any { return s.submissionView(b) })
}

// showDocuments gives the signed files, or a preview while not all have signed.
func (s *Sim) showDocuments(w http.ResponseWriter, r *http.Request) {
	s.withSubmission(w, r, func(b *submission) any {
		return map[string]any{"id": b.id, "documents": []wire.Document{s.documentOf(b)}}
	})
}

// archive hides a submission; its links stay readable.
func (s *Sim) archive(w http.ResponseWriter, r *http.Request) {
	s.withSubmission(w, r, func(b *submission) any {
		at := s.now()
		if r.URL.Query().Get("permanently") == "true" {
			s.submissions = slices.DeleteFunc(s.submissions, func(each *submission) bool { return each == b })
		} else {
			b.archivedAt = &at
			s.send([]*hookEvent{s.newEvent("submission.archived", b, nil)})
		}
		return map[string]any{"id": b.id, "archived_at": stamp(at)}
	})
}

func (s *Sim) withSubmission(w http.ResponseWriter, r *http.Request, show func(*submission) any) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.submissions, func(b *submission) bool { return b.id == id })
	if i < 0 {
		order.Status(w, r, http.StatusNotFound)
		return
	}
	simkit.WriteJSON(w, http.StatusOK, show(s.submissions[i]))
}

func (s *Sim) listSubmitters(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("application_key") != "" {
		q.Set("external_id", q.Get("application_key"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []*submitter
	for _, b := range slices.Backward(s.submissions) {
		for _, p := range slices.Backward(b.signers) {
			if is(q, "external_id", p.externalID) && is(q, "submission_id", strconv.FormatInt(b.id, 10)) && is(q, "slug", p.slug) {
				rows = append(rows, p)
			}
		}
	}
	paging.Page(w, q, rows, func(p *submitter) int64 { return p.id }, func(p *submitter) any { return s.fullSubmitterView(p) })
}

func (s *Sim) showSubmitter(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.submitterByID(r.PathValue("id"))
	if p == nil {
		order.Status(w, r, http.StatusNotFound)
		return
	}
	simkit.WriteJSON(w, http.StatusOK, s.fullSubmitterView(p))
}

func (s *Sim) submitterByID(text string) *submitter {
	id, _ := strconv.ParseInt(text, 10, 64)
	return s.signer(func(p *submitter) bool { return p.id == id })
}

// formEvents is the feed of completed signers; the type in the path is ignored.
func (s *Sim) formEvents(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []paging.Completion
	for _, b := range s.submissions {
		for _, p := range b.signers {
			if p.completedAt != nil {
				rows = append(rows, paging.Completion{At: *p.completedAt, View: paging.Event{EventType: "form.completed", Timestamp: stamp(*p.completedAt), Data: s.formView(p)}})
			}
		}
	}
	paging.Feed(w, r.URL.Query(), rows)
}

// submissionEvents is the feed of submissions that all have signed, but for the
// archived ones.
func (s *Sim) submissionEvents(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []paging.Completion
	for _, b := range s.submissions {
		if at := b.completedAt(); at != nil && b.archivedAt == nil {
			rows = append(rows, paging.Completion{At: *at, View: paging.Event{EventType: "submission.completed", Timestamp: stamp(*at), Data: s.submissionView(b)}})
		}
	}
	paging.Feed(w, r.URL.Query(), rows)
}

// is tells whether a filter of the query is absent or equal.
func is(q url.Values, key, have string) bool { return q.Get(key) == "" || q.Get(key) == have }

func (s *Sim) templateView(t Template) map[string]any {
	made := stamp(templateMade)
	signers, fields := []map[string]any{}, []map[string]any{}
	for _, role := range t.Roles {
		signers = append(signers, map[string]any{"name": role, "uuid": form.RoleID(t, role)})
	}
	for _, f := range t.Fields {
		fields = append(fields, map[string]any{
			"uuid": form.RoleID(t, f.Role+"/"+f.Name), "submitter_uuid": form.RoleID(t, f.Role), "name": f.Name, "title": f.Title, "type": f.Type,
			"required": f.Required, "preferences": map[string]any{}, "areas": []any{},
		})
	}
	var archived *string
	if t.Archived {
		archived = &made
	}
	return map[string]any{
		"id": t.ID, "slug": fmt.Sprintf("template%06d", t.ID), "name": t.Name, "external_id": orNull(t.ExternalID), "application_key": orNull(t.ExternalID),
		"folder_id": 1, "folder_name": "Default", "source": "native", "shared_link": false, "preferences": map[string]any{}, "schema": []any{},
		"fields": fields, "submitters": signers, "author_id": owner.ID, "author": owner, "documents": []any{},
		"archived_at": archived, "created_at": made, "updated_at": made,
	}
}
