package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/playwright-community/playwright-go"
)

// smallTargets are the elements to press that a thumb would miss. What is part of
// a sentence may be as low as its line, and a box counts with its label.
const smallTargets = `() => [...document.querySelectorAll("button, summary, input:not([type=hidden]), select, textarea, a[href], [role=button]")]
	.filter((e) => e.checkVisibility({opacityProperty: false, visibilityProperty: true}) && !e.closest("p, td, dd, li > span, .sr, .skip"))
	.map((e) => ["checkbox", "radio", "file"].includes(e.type) ? e.closest("label") || document.querySelector("label[for='" + e.id + "']") || e : e)
	.filter((e) => e.getBoundingClientRect().height < 43.5 && e.getBoundingClientRect().height > 1)
	.map((e) => e.outerHTML.slice(0, 120))`

// fits asserts that the page is not wider than the telephone and can be pressed by
// a thumb.
func (p *phone) fits() {
	p.t.Helper()
	if wide := p.run("document.documentElement.scrollWidth - window.innerWidth"); number(wide) > 0 {
		p.t.Errorf("%s is %v px too wide: %v", p.page.URL(), wide, p.run(`() => [...document.querySelectorAll("body *")]
			.filter((e) => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map((e) => e.outerHTML.slice(0, 100))`))
	}
	if small := p.list(smallTargets); len(small) > 0 && !p.look.zoomed {
		p.t.Errorf("%s has targets too small for a thumb: %q", p.page.URL(), small)
	}
}

func (p *phone) list(script string) []string {
	p.t.Helper()
	var out []string
	values, _ := p.run(script).([]any)
	for _, v := range values {
		if text, ok := v.(string); ok {
			out = append(out, text)
		}
	}
	return out
}

func number(v any) float64 {
	switch n := v.(type) {
	case int:
		return float64(n)
	case float64:
		return n
	}
	return 0
}

// finding is a rule of axe that a page breaks.
type finding struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML   string `json:"html"`
		Reason string `json:"failureSummary"`
	}
}

// axe asserts that the page as it stands breaks no rule of accessibility in a way
// that axe calls serious or critical. The script runs beside the page's own world,
// so that the page's policy stays as it is.
func (p *phone) axe(name string) {
	p.t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "..", ".tools", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		p.t.Fatal("no axe-core: run make setup")
	}
	session, err := p.context.NewCDPSession(p.page)
	p.must("looking under the page", err)
	defer func() { _ = session.Detach() }()
	raw, err := inWorld(session, string(source)+`; axe.run(document, {resultTypes: ["violations"]}).then((r) => JSON.stringify(r.violations))`)
	p.must("checking the accessibility of "+name, err)
	var found []finding
	p.must("reading axe", json.Unmarshal([]byte(raw), &found))
	for _, f := range found {
		if f.Impact != "serious" && f.Impact != "critical" {
			continue
		}
		for _, n := range f.Nodes {
			p.t.Errorf("%s: %s (%s): %s\n%s\n%s", name, f.ID, f.Impact, f.Help, n.HTML, strings.TrimSpace(n.Reason))
		}
	}
}

// inWorld runs a script in a world of its own of the page, which sees the page's
// elements but is not held by its policy, and waits for its promise.
func inWorld(session playwright.CDPSession, script string) (string, error) {
	tree, err := session.Send("Page.getFrameTree", nil)
	if err != nil {
		return "", err
	}
	frame := tree.(map[string]any)["frameTree"].(map[string]any)["frame"].(map[string]any)["id"]
	world, err := session.Send("Page.createIsolatedWorld", map[string]any{"frameId": frame, "worldName": "axe"})
	if err != nil {
		return "", err
	}
	answer, err := session.Send("Runtime.evaluate", map[string]any{
		"expression": script, "contextId": world.(map[string]any)["executionContextId"], "awaitPromise": true, "returnByValue": true,
	})
	if err != nil {
		return "", err
	}
	value, _ := answer.(map[string]any)["result"].(map[string]any)["value"].(string)
	return value, nil
}
