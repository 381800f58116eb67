package docusealsim

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim/order"
	"gigafibre.ca/targo-hub/simkit/paper"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// showPage is the signer's page. Opening it changes nothing; the browser's own
// script reports the view, as DocuSeal's does.
func (s *Sim) showPage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.signer(func(p *submitter) bool { return p.slug == r.PathValue("slug") })
	if p == nil {
		order.Status(w, r, http.StatusNotFound)
		return
	}
	view := pageView{Title: p.of.template.Name, Name: p.name, Slug: p.slug, Role: p.role, State: p.of.status(s.now())}
	view.Mine = p.completedAt == nil && p.declinedAt == nil && view.State == "pending"
	view.Signed = p.completedAt != nil
	if view.Signed {
		view.Document = s.link(p.of, "document.pdf")
	}
	for _, other := range p.of.signers {
		if other == p {
			break
		}
		if p.of.order == "preserved" && other.completedAt == nil {
			view.Mine, view.Waits = false, other.role
		}
	}
	for _, f := range p.fields() {
		if f.Type != "signature" {
			value, _ := p.values[f.Name].(string)
			view.Fields = append(view.Fields, pageField{cmp.Or(f.Title, f.Name), value})
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = pageTemplate.Execute(w, view)
}

// submitPage signs or declines, and sends the webhooks as DocuSeal would.
func (s *Sim) submitPage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		order.Refuse(w, http.StatusUnprocessableEntity, "the form cannot be read")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.signer(func(p *submitter) bool { return p.slug == r.PathValue("slug") })
	switch {
	case p == nil:
		order.Status(w, r, http.StatusNotFound)
		return
	case p.completedAt != nil || p.declinedAt != nil:
		order.Refuse(w, http.StatusUnprocessableEntity, "Form has been completed already.")
		return
	case p.of.status(s.now()) != "pending" || p.of.archivedAt != nil:
		order.Refuse(w, http.StatusUnprocessableEntity, "Form has been archived or has expired.")
		return
	}
	p.ua, p.ip = r.UserAgent(), clientIP(r)
	target := "/s/" + p.slug
	if r.PostForm.Get("action") == "decline" {
		s.send(s.decline(p, strings.TrimSpace(r.PostForm.Get("reason"))))
	} else {
		s.send(s.sign(p, nil, "complete_form"))
		if p.redirect != "" {
			target = p.redirect
		}
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// viewed is what the page's script reports each time it is opened.
func (s *Sim) viewed(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	s.mu.Lock()
	defer s.mu.Unlock()
	slug := r.FormValue("submitter_slug")
	p := s.signer(func(p *submitter) bool { return p.slug == slug })
	if p == nil {
		order.Status(w, r, http.StatusNotFound)
		return
	}
	at := s.now()
	p.openedAt, p.ua, p.ip = &at, r.UserAgent(), clientIP(r)
	p.of.record("view_form", p, at, nil)
	s.send([]*hookEvent{s.newEvent("form.viewed", p.of, p)})
	w.WriteHeader(http.StatusOK)
}

// showPreview stands for the operator's view of a submission.
func (s *Sim) showPreview(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.find(r.PathValue("slug"))
	if b == nil {
		order.Status(w, r, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/pdf")
	_, _ = w.Write(s.paper(b, "document.pdf"))
}

// link gives an address of a file that works for LinkLife.
func (s *Sim) link(b *submission, name string) string {
	ticket := fmt.Sprintf("%d.%d", b.id, s.now().Add(s.opts.LinkLife).Unix())
	signed := base64.RawURLEncoding.EncodeToString([]byte(ticket + "." + s.seal(ticket+name)))
	return s.url + "/file/" + signed + "/" + name
}

func (s *Sim) seal(text string) string {
	mac := hmac.New(sha256.New, s.fileKey)
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// download gives a file while its link lives; afterwards it is not found.
func (s *Sim) download(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	raw, _ := base64.RawURLEncoding.DecodeString(r.PathValue("signed"))
	parts := strings.Split(string(raw), ".")
	s.mu.Lock()
	defer s.mu.Unlock()
	var b *submission
	if len(parts) == 3 && hmac.Equal([]byte(parts[2]), []byte(s.seal(parts[0]+"."+parts[1]+name))) {
		if until, _ := strconv.ParseInt(parts[1], 10, 64); s.now().Before(time.Unix(until, 0)) {
			b = s.find(parts[0])
		}
	}
	if b == nil {
		order.Status(w, r, http.StatusNotFound)
		return
	}
	kind := "application/pdf"
	body := s.paper(b, name)
	if strings.HasSuffix(name, ".png") {
		kind, body = "image/png", paper.Signature()
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `inline; filename="`+name+`"`)
	_, _ = w.Write(body)
}

// paper writes a small but valid PDF that says what was signed by whom. The
// same submission in the same state gives the same bytes.
func (s *Sim) paper(b *submission, name string) []byte {
	lines := []string{b.template.Name, fmt.Sprintf("%s %d, %s", name, b.id, b.status(s.now())), ""}
	for _, p := range b.signers {
		for _, f := range p.fields() {
			value := p.values[f.Name]
			if value == signatureMark {
				value = "/s/ " + p.name
			}
			if !order.Blank(value) {
				lines = append(lines, fmt.Sprintf("%s: %v", cmp.Or(f.Title, f.Name), value))
			}
		}
		if p.completedAt != nil {
			lines = append(lines, "Signé par "+p.name+" ("+p.role+"), "+stamp(*p.completedAt))
		}
	}
	return paper.PDF(lines)
}

type pageView struct {
	Title, Name, Slug, Role, State, Waits, Document string
	Mine, Signed                                    bool
	Fields                                          []pageField
}

type pageField struct{ Name, Value string }

func clientIP(r *http.Request) string {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	return host
}
