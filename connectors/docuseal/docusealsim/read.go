package docusealsim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

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
	writePage(w, q, rows, func(t Template) int64 { return t.ID }, func(t Template) any { return s.templateView(t) })
}

func (s *Sim) showTemplate(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	t, found := s.templateOf(id)
	if !found {
		answerStatus(w, r, http.StatusNotFound)
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
	writePage(w, q, rows, func(b *submission) int64 { return b.id }, func(b *submission) any {
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
		return map[string]any{"id": b.id, "documents": []document{s.documentOf(b)}}
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
		answerStatus(w, r, http.StatusNotFound)
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
	writePage(w, q, rows, func(p *submitter) int64 { return p.id }, func(p *submitter) any { return s.fullSubmitterView(p) })
}

func (s *Sim) showSubmitter(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.submitterByID(r.PathValue("id"))
	if p == nil {
		answerStatus(w, r, http.StatusNotFound)
		return
	}
	simkit.WriteJSON(w, http.StatusOK, s.fullSubmitterView(p))
}

func (s *Sim) updateSubmitter(w http.ResponseWriter, r *http.Request) {
	var in signerOrder
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in); err != nil {
		refuse(w, http.StatusUnprocessableEntity, "JSON parse error: "+err.Error())
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.submitterByID(r.PathValue("id"))
	switch {
	case p == nil:
		answerStatus(w, r, http.StatusNotFound)
		return
	case p.completedAt != nil:
		refuse(w, http.StatusUnprocessableEntity, "Submitter has already completed the submission.")
		return
	case p.declinedAt != nil:
		refuse(w, http.StatusUnprocessableEntity, "Submitter has already declined the submission.")
		return
	}
	for name, value := range in.Values {
		if wrong := p.prefill(name, value); wrong != "" {
			refuse(w, http.StatusUnprocessableEntity, wrong)
			return
		}
	}
	p.change(in, s.now())
	if in.Completed {
		s.send(s.sign(p, nil, "api_complete_form"))
	}
	simkit.WriteJSON(w, http.StatusOK, s.fullSubmitterView(p))
}

func (p *submitter) change(in signerOrder, at time.Time) {
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

func (s *Sim) submitterByID(text string) *submitter {
	id, _ := strconv.ParseInt(text, 10, 64)
	return s.signer(func(p *submitter) bool { return p.id == id })
}

// formEvents is the feed of completed signers; the type in the path is ignored.
func (s *Sim) formEvents(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []completion
	for _, b := range s.submissions {
		for _, p := range b.signers {
			if p.completedAt != nil {
				rows = append(rows, completion{at: *p.completedAt, view: feedEntry{"form.completed", stamp(*p.completedAt), s.formView(p)}})
			}
		}
	}
	writeFeed(w, r.URL.Query(), rows)
}

// submissionEvents is the feed of submissions that all have signed.
func (s *Sim) submissionEvents(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []completion
	for _, b := range s.submissions {
		if at := b.completedAt(); at != nil {
			rows = append(rows, completion{at: *at, view: feedEntry{"submission.completed", stamp(*at), s.submissionView(b)}})
		}
	}
	writeFeed(w, r.URL.Query(), rows)
}

// writeFeed pages by whole seconds, newest first, so the cursors read
// backwards: before=T gives what was completed at T+1 s or later, after=T what
// was completed before T.
func writeFeed(w http.ResponseWriter, q url.Values, rows []completion) {
	slices.SortStableFunc(rows, func(a, b completion) int { return b.at.Compare(a.at) })
	after, before := number(q.Get("after")), number(q.Get("before"))
	rows = slices.DeleteFunc(rows, func(c completion) bool {
		return after != 0 && !c.at.Before(time.Unix(after, 0)) || before != 0 && c.at.Before(time.Unix(before+1, 0))
	})
	rows = rows[:min(len(rows), pageSize(q))]
	out := page{Data: []any{}, Pagination: pagination{Count: len(rows)}}
	for _, c := range rows {
		out.Data = append(out.Data, c.view)
	}
	if len(rows) > 0 {
		first, last := rows[0].at.Unix(), rows[len(rows)-1].at.Unix()
		out.Pagination.Prev, out.Pagination.Next = &first, &last
	}
	simkit.WriteJSON(w, http.StatusOK, out)
}

// writePage pages by id, newest first: after=ID gives lower ids, before=ID
// higher ones.
func writePage[T any](w http.ResponseWriter, q url.Values, rows []T, id func(T) int64, view func(T) any) {
	after, before := number(q.Get("after")), number(q.Get("before"))
	var kept []T
	for _, row := range rows {
		if n := id(row); (after == 0 || n < after) && (before == 0 || n > before) {
			kept = append(kept, row)
		}
	}
	kept = kept[:min(len(kept), pageSize(q))]
	out := page{Data: []any{}, Pagination: pagination{Count: len(kept)}}
	for _, row := range kept {
		out.Data = append(out.Data, view(row))
	}
	if len(kept) > 0 {
		first, last := id(kept[0]), id(kept[len(kept)-1])
		out.Pagination.Prev, out.Pagination.Next = &first, &last
	}
	simkit.WriteJSON(w, http.StatusOK, out)
}

func pageSize(q url.Values) int {
	n := int(number(q.Get("limit")))
	if n <= 0 {
		return 10
	}
	return min(n, 100)
}

// is tells whether a filter of the query is absent or equal.
func is(q url.Values, key, have string) bool { return q.Get(key) == "" || q.Get(key) == have }

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

type completion struct {
	at   time.Time
	view feedEntry
}

type feedEntry struct {
	EventType string `json:"event_type"`
	Timestamp string `json:"timestamp"`
	Data      any    `json:"data"`
}

type page struct {
	Data       []any      `json:"data"`
	Pagination pagination `json:"pagination"`
}

type pagination struct {
	Count int    `json:"count"`
	Next  *int64 `json:"next"`
	Prev  *int64 `json:"prev"`
}
