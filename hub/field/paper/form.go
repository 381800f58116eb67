package paper

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/field/day"
	"gigafibre.ca/targo-hub/hub/field/mutation"
	"gigafibre.ca/targo-hub/hub/field/visit"
)

// said is one thing that a form says: a mutation without its envelope.
type said struct {
	Suffix, Kind string // Suffix tells what one form says several times apart
	Data         map[string]any
}

// submit answers POST /j/job/{name}/{kind}: the forms of the page, for browsers
// without scripts. What they say goes the way of everything that phones send, and
// the page is shown again.
func (p *desk) submit(c echo.Context, lang hub.Lang) error {
	form, err := c.FormParams()
	if err != nil {
		return hub.Fail(hub.Malformed, "malformed", "The form cannot be read.", err)
	}
	list, complaint, err := p.read(c, form)
	if err != nil {
		return err
	}
	if complaint != "" {
		return p.work(c, lang, http.StatusUnprocessableEntity, p.words[lang][complaint])
	}
	batch, err := p.batch(c.Param("name"), form, list)
	if err != nil {
		return err
	}
	results, err := p.Mutations.Take(c.Request().Context(), batch)
	if err != nil {
		return err
	}
	if status, problem := p.outcome(results, lang); problem != "" {
		return p.work(c, lang, status, problem)
	}
	return c.Redirect(http.StatusSeeOther, "/j/job/"+url.PathEscape(c.Param("name")))
}

// read finds out what a form says; complaint names the word for what it lacks.
func (p *desk) read(c echo.Context, form url.Values) (list []said, complaint string, err error) {
	kind, text := c.Param("kind"), func(name string) string { return strings.TrimSpace(form.Get(name)) }
	ctx := c.Request().Context()
	switch kind {
	case "note":
		if text("text") == "" {
			return nil, "formEmpty", nil
		}
		return []said{{"note", kind, map[string]any{"text": text("text")}}}, "", nil
	case "material":
		qty, err := strconv.ParseFloat(strings.Replace(text("qty"), ",", ".", 1), 64)
		if text("item") == "" || err != nil {
			return nil, "formNumber", nil
		}
		item, goods := text("item"), p.goods(c)
		if good, is := visit.Named(goods, item); is {
			item = good.Item
		} else if len(goods) > 0 && !p.used(c, item) {
			return nil, "formArticle", nil
		}
		return []said{{"material", kind, map[string]any{"item": item, "qty": qty}}}, "", nil
	case "status", "checklist":
		work, err := p.Deps.Day.Job(ctx, hub.ActorOf(ctx), c.Param("name"))
		if err != nil {
			return nil, "", err
		}
		if kind == "checklist" {
			list, ok := answers(work, form)
			if !ok {
				return nil, "formNotNumber", nil
			}
			return list, "", nil
		}
		if text("status") == "Completed" && work.Checklist.Missing > 0 {
			return nil, "formMissing", nil
		}
		return []said{step(text)}, "", nil
	}
	return nil, "", hub.Fail(hub.NotFound, "not-found", "There is no such form.", nil)
}

func step(text func(string) string) said {
	s := said{strings.ReplaceAll(text("status"), " ", "-"), "status", map[string]any{"status": text("status")}}
	for _, name := range []string{"note", "disconnect_reason"} {
		if value := text(name); value != "" && text("status") == "Completed" {
			s.Data[name] = value
		}
	}
	return s
}

// used tells that the item stands among what the visit has used already.
func (p *desk) used(c echo.Context, item string) bool {
	ctx := c.Request().Context()
	work, err := p.Deps.Day.Job(ctx, hub.ActorOf(ctx), c.Param("name"))
	return err == nil && slices.ContainsFunc(work.Materials, func(m day.Material) bool { return m.Item == item })
}

// answers are the items of the checklist that are other than they were; not ok when
// a number is none. Items with photos are not answered by forms.
func answers(work day.Job, form url.Values) (list []said, ok bool) {
	for i, item := range work.Checklist.Items {
		value, is := strings.TrimSpace(form.Get(fmt.Sprintf("item.%d", i))), item.Value
		if item.Type == "check" && item.Answered {
			is = "1"
		}
		if _, err := strconv.ParseFloat(strings.Replace(value, ",", ".", 1), 64); item.Type == "number" && value != "" && err != nil {
			return nil, false
		}
		if item.Type != "photo" && value != is {
			list = append(list, said{fmt.Sprintf("item-%d", i), "checklist", map[string]any{"label": item.Label, "value": value, "was": item.Value}})
		}
	}
	return list, true
}

// batch puts what was said into envelopes. A form that is sent twice says the same
// under the same ids.
func (p *desk) batch(job string, form url.Values, list []said) (mutation.Batch, error) {
	now := p.Now().UTC().Format(time.RFC3339Nano)
	b := mutation.Batch{SentAt: now}
	for i, s := range list {
		data, err := json.Marshal(s.Data)
		if err != nil {
			return b, fmt.Errorf("writing what the form says: %w", err)
		}
		b.Mutations = append(b.Mutations, mutation.Wire{
			ID: form.Get("id") + "-" + s.Suffix, Seq: p.Now().UnixMilli() + int64(i), Job: job, Kind: s.Kind, At: now,
			BaseModified: form.Get("base"), Data: data,
		})
	}
	return b, nil
}

// outcome says in words what did not go through.
func (p *desk) outcome(results []mutation.Result, lang hub.Lang) (status int, problem string) {
	t := p.words[lang]
	for _, r := range results {
		switch r.State {
		case mutation.Conflict:
			return http.StatusConflict, t["formConflict"]
		case mutation.Retry:
			return http.StatusAccepted, t["formRetry"]
		case mutation.Rejected:
			if r.Error == nil {
				return http.StatusUnprocessableEntity, t["formConflict"]
			}
			if lang == hub.English && r.Error.Detail != "" { // details are in English only
				return http.StatusUnprocessableEntity, r.Error.Title + " – " + r.Error.Detail
			}
			return http.StatusUnprocessableEntity, r.Error.Title
		}
	}
	return 0, ""
}
