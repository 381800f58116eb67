package contract_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
)

func (p *plant) put(doctype string, values doc) {
	p.t.Helper()
	if _, err := p.site.Put(doctype, values); err != nil {
		p.t.Fatal(err)
	}
}

// read gives fields of a document, in words: "Résilié 2026-06-15".
func (p *plant) read(doctype, name string, fields ...string) string {
	p.t.Helper()
	all, err := p.site.Doc(doctype, name)
	if err != nil {
		p.t.Fatal(err)
	}
	var words []string
	for _, field := range fields {
		if v := all[field]; v == nil || v == "" {
			words = append(words, "-")
		} else {
			words = append(words, fmt.Sprint(v))
		}
	}
	return strings.Join(words, " ")
}

// count counts the documents that hold the values.
func (p *plant) count(doctype string, holds doc) int {
	p.t.Helper()
	all, err := p.site.All(doctype, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	n := 0
	for _, d := range all {
		full, err := p.site.Doc(doctype, d["name"].(string))
		if err != nil {
			p.t.Fatal(err)
		}
		fits := true
		for k, v := range holds {
			fits = fits && strings.Contains(fmt.Sprint(full[k]), fmt.Sprint(v))
		}
		if fits {
			n++
		}
	}
	return n
}

// events counts the news of a name.
func (p *plant) events(name string) int {
	p.t.Helper()
	all, _, err := p.store.Read(p.t.Context(), 0, 1000)
	if err != nil {
		p.t.Fatal(err)
	}
	n := 0
	for _, e := range all {
		if e.Name == name {
			n++
		}
	}
	return n
}

// steps are the names and states of an answer's steps.
func steps(answer doc) string {
	var words []string
	for _, each := range answer["steps"].([]any) {
		step := each.(doc)
		words = append(words, step["name"].(string)+" "+step["state"].(string))
	}
	return strings.Join(words, ", ")
}

// jobs lists what the store has of a kind.
func (p *plant) jobs(kind string) []keep.Job {
	p.t.Helper()
	page, _, err := p.store.Jobs(p.t.Context(), keep.Filter{Kind: kind})
	if err != nil {
		p.t.Fatal(err)
	}
	return page
}

// midnight lets the day come: the clock is set, and the jobs that wait for the day
// are due at once, since the store has a clock of its own.
func (p *plant) midnight(at string) {
	p.t.Helper()
	p.clock(at)
	p.hurry()
}

// hurry makes what waits for its day due at once; one that is being looked at in
// this moment, perhaps by the former clock, is waited for.
func (p *plant) hurry() {
	p.t.Helper()
	for _, job := range p.jobs("contract.dated") {
		hubtest.Await(p.t, "the change is due", func() bool {
			now, err := p.store.Job(p.t.Context(), job.ID)
			if err != nil || now.Status.Final() {
				return err == nil
			}
			_, err = p.store.Change(p.t.Context(), job.ID, keep.Hurry, "the test's midnight")
			return err == nil
		})
	}
}

// idles waits until no job of the kinds is to be done any more but for those whose
// day has not come.
func (p *plant) idles() {
	p.t.Helper()
	hubtest.Await(p.t, "all is done", func() bool {
		for _, job := range p.jobs("contract.") {
			waits := job.Kind == "contract.dated" && job.Due.After(time.Now())
			if !job.Status.Final() && !waits {
				return false
			}
		}
		return true
	})
}

func (p *plant) changes(query string) []doc {
	p.t.Helper()
	var out []doc
	for _, each := range p.must(http.MethodGet, "/contract/changes?"+query, nil)["items"].([]any) {
		out = append(out, each.(doc))
	}
	return out
}
