package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/playwright-community/playwright-go"
)

// look is how somebody holds and has set up a telephone.
type look struct {
	lang     string // of the system: "fr-CA" unless said otherwise
	dark     bool
	noScript bool
	zoomed   bool // to 200 %: half as many of the page's own pixels
}

// phone is a real browser the size of a telephone, with a profile of its own that
// outlives it.
type phone struct {
	t       *testing.T
	look    look
	profile string
	driver  *playwright.Playwright
	context playwright.BrowserContext
	page    playwright.Page

	mu         sync.Mutex
	complaints []string // what the pages said in the console
}

// limit is how long a browser has for one step on a machine that is busy.
const limit = time.Minute

// hands says how many telephones are looked at at once: a browser takes a whole
// processor, and the other tests want theirs too.
var hands = make(chan struct{}, 2)

// newPhone switches a telephone on.
func newPhone(t *testing.T, l look) *phone {
	t.Helper()
	tools, err := filepath.Abs(filepath.Join("..", "..", ".tools"))
	if err != nil {
		t.Fatal(err)
	}
	driver := filepath.Join(tools, "driver")
	if _, err := os.Stat(filepath.Join(driver, "package", "cli.js")); err != nil {
		t.Fatal("no playwright-core: run make setup")
	}
	hands <- struct{}{}
	t.Cleanup(func() { <-hands })
	p := &phone{t: t, look: l, profile: t.TempDir()}
	if p.driver, err = playwright.Run(&playwright.RunOptions{DriverDirectory: driver, SkipInstallBrowsers: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.driver.Stop(); err != nil {
			t.Errorf("stopping the browser's driver: %v", err)
		}
	})
	p.on()
	t.Cleanup(p.off)
	return p
}

// on starts the browser with what its profile remembers.
func (p *phone) on() {
	p.t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		p.t.Fatal("no chromium: run make setup")
	}
	size, scale := playwright.Size{Width: 390, Height: 844}, 2.0
	if p.look.zoomed {
		size, scale = playwright.Size{Width: 195, Height: 422}, 4.0
	}
	scheme := playwright.ColorSchemeLight
	if p.look.dark {
		scheme = playwright.ColorSchemeDark
	}
	lang := p.look.lang
	if lang == "" {
		lang = "fr-CA"
	}
	p.context, err = p.driver.Chromium.LaunchPersistentContext(p.profile, playwright.BrowserTypeLaunchPersistentContextOptions{
		ExecutablePath: &chromium, Locale: &lang, TimezoneId: playwright.String("America/Toronto"), ColorScheme: scheme, Viewport: &size,
		DeviceScaleFactor: &scale, HasTouch: playwright.Bool(true), JavaScriptEnabled: playwright.Bool(!p.look.noScript), ReducedMotion: playwright.ReducedMotionReduce,
		Args: []string{"--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.context.SetDefaultTimeout(float64(limit.Milliseconds()))
	p.page = p.context.Pages()[0]
	p.page.OnConsole(func(m playwright.ConsoleMessage) {
		if m.Type() == "error" {
			p.complain(m.Text())
		}
	})
	p.page.OnPageError(func(err error) { p.complain(err.Error()) })
}

// off ends the browser in order.
func (p *phone) off() {
	if p.context != nil {
		_ = p.context.Close() // it may have been killed
	}
}

func (p *phone) complain(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = append(p.complaints, text)
}

// quiet asserts that no page complained, but for what the test expects.
func (p *phone) quiet(expected ...string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.complaints {
		if !slices.ContainsFunc(expected, func(e string) bool { return strings.Contains(c, e) }) {
			p.t.Errorf("a page complained: %s", c)
		}
	}
}

// kill ends the browser as a telephone does that needs its memory: at once.
func (p *phone) kill() {
	p.t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		p.t.Fatal(err)
	}
	killed := 0
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if bytes.Contains(line, []byte("--user-data-dir="+p.profile)) && !bytes.Contains(line, []byte("--type=")) {
			killed++
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	if killed != 1 {
		p.t.Fatalf("%d browsers have this profile", killed)
	}
	await(p.t, "the browser has ended", func() bool { return len(p.context.Pages()) == 0 })
	_ = os.Remove(filepath.Join(p.profile, "SingletonLock"))
}

// open goes to an address and returns the status of the answer.
func (p *phone) open(url string) int {
	p.t.Helper()
	answer, err := p.page.Goto(url)
	if err != nil {
		p.t.Fatalf("opening a page: %v", err)
	}
	return answer.Status()
}

// tap presses what a CSS selector finds.
func (p *phone) tap(selector string) {
	p.t.Helper()
	p.must("tapping "+selector, p.page.Locator(selector).First().Click())
}

// fill writes into a field.
func (p *phone) fill(selector, text string) {
	p.t.Helper()
	p.must("filling "+selector, p.page.Locator(selector).First().Fill(text))
}

// text is what an element says, once it is there.
func (p *phone) text(selector string) string {
	p.t.Helper()
	text, err := p.page.Locator(selector).First().InnerText()
	p.must("reading "+selector, err)
	return strings.Join(strings.Fields(text), " ")
}

// count is how many elements there are now.
func (p *phone) count(selector string) int {
	p.t.Helper()
	n, err := p.page.Locator(selector).Count()
	p.must("counting "+selector, err)
	return n
}

// run evaluates a script in the page.
func (p *phone) run(script string) any {
	p.t.Helper()
	value, err := p.page.Evaluate(script)
	p.must("running a script", err)
	return value
}

func (p *phone) must(what string, err error) {
	p.t.Helper()
	if err != nil {
		p.picture("failed")
		p.t.Fatalf("%s: %v", what, err)
	}
}

// pictures is where screenshots go, "" for none: see `make screens`.
func pictures() string { return os.Getenv("PICTURES") }

// picture keeps the page as it stands, whole.
func (p *phone) picture(name string) {
	if pictures() == "" {
		return
	}
	theme := "light"
	if p.look.dark {
		theme = "dark"
	}
	lang, _, _ := strings.Cut(p.look.lang, "-")
	if lang == "" {
		lang = "fr"
	}
	// The window grows to the whole page: what sticks to its foot belongs there.
	high := max(int(number(p.run("document.documentElement.scrollHeight"))), 844)
	_ = p.page.SetViewportSize(390, high)
	defer func() { _ = p.page.SetViewportSize(390, 844) }()
	path := filepath.Join(pictures(), fmt.Sprintf("%s-%s-%s.png", name, lang, theme))
	if _, err := p.page.Screenshot(playwright.PageScreenshotOptions{Path: &path}); err != nil {
		p.t.Logf("no picture of %s: %v", name, err)
	}
}
