package paper

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

// shell is the files of the app. They import each other by their plain names, so
// all of them stand under one version, a hash over everything: a page and its
// scripts are always of one piece, and a phone keeps them until it changes.
type shell struct {
	version string
	files   map[string][]byte
	script  []byte // the service worker
}

func newShell() (shell, error) {
	s := shell{files: map[string][]byte{}}
	names, err := fs.Glob(files, "assets/*")
	if err != nil {
		return s, fmt.Errorf("listing the files of the app: %w", err)
	}
	sum := sha256.New()
	for _, name := range names {
		body, err := files.ReadFile(name)
		if err != nil {
			return s, fmt.Errorf("reading the file %s of the app: %w", name, err)
		}
		s.files[path.Base(name)] = body
		fmt.Fprintf(sum, "%s %d\n", name, len(body))
		sum.Write(body)
	}
	s.version = hex.EncodeToString(sum.Sum(nil)[:6])
	return s, s.write()
}

// write puts what the service worker must know above its text: the files to fetch
// for the dead zone, and where its modules are. Icons are not among them.
func (s *shell) write() error {
	list := []string{"/j/manifest.webmanifest"}
	for name := range s.files {
		if name != "sw.js" && path.Ext(name) != ".png" {
			list = append(list, s.prefix()+"/"+name)
		}
	}
	slices.Sort(list)
	known, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("listing the files of the app: %w", err)
	}
	var text strings.Builder
	for _, from := range [][2]string{{"send", "sync.js"}, {"fetchPage, find, forget, ours, picture, tidy, versions", "kept.js"}, {"whose", "outbox.js"}, {"tell", "radio.js"}} {
		fmt.Fprintf(&text, "import { %s } from %q;\n", from[0], s.prefix()+"/"+from[1])
	}
	fmt.Fprintf(&text, "const SHELL = %q;\nconst FILES = %s;\n\n%s", s.version, known, s.files["sw.js"])
	s.script = []byte(text.String())
	return nil
}

func (s *shell) prefix() string { return "/j/assets/" + s.version }

// worker answers GET /j/sw.js. Browsers ask for it at each visit.
func (s *shell) worker(c echo.Context) error {
	s.sign(c)
	c.Response().Header().Set("Cache-Control", "no-cache")
	return c.Blob(http.StatusOK, "text/javascript; charset=utf-8", s.script)
}

// asset answers GET /j/assets/{version}/{file}. A page of another version (before
// an update, or of another replica during one) gets today's file, not to be kept.
func (s *shell) asset(c echo.Context) error {
	name := c.Param("file")
	body, known := s.files[name]
	if !known {
		return hub.Fail(hub.NotFound, "not-found", "There is no such file.", nil)
	}
	s.sign(c)
	if c.Param("version") == s.version {
		c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	return c.Blob(http.StatusOK, mediaType(path.Ext(name)), body)
}

// sign tells the app that the hub itself answers, not somebody on the way, and in
// which version.
func (s *shell) sign(c echo.Context) { c.Response().Header().Set("Targo-App", s.version) }

func mediaType(ext string) string {
	switch ext {
	case ".css":
		return "text/css; charset=utf-8"
	case ".png":
		return "image/png"
	}
	return "text/javascript; charset=utf-8"
}

// manifest answers GET /j/manifest.webmanifest: how the pages look on a home
// screen. Browsers fetch it without cookies.
func (p *desk) manifest(c echo.Context) error {
	lang := web.LangOf(c)
	t := p.words[lang]
	icon := func(name, sizes, purpose string) map[string]string {
		return map[string]string{"src": p.shell.prefix() + "/" + name, "sizes": sizes, "type": "image/png", "purpose": purpose}
	}
	body, err := json.Marshal(map[string]any{
		"id": "/j/", "start_url": "/j/", "scope": "/j/", "display": "standalone", "orientation": "any", "lang": lang, "dir": "ltr",
		"name": strings.TrimSpace(p.Brand + " · " + t["app"]), "short_name": t["short"],
		"theme_color": "#0b5f5a", "background_color": "#ffffff",
		"icons": []any{icon("icon-192.png", "192x192", "any"), icon("icon-512.png", "512x512", "any"), icon("icon-512.png", "512x512", "maskable")},
	})
	if err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	p.shell.sign(c)
	c.Response().Header().Set("Cache-Control", "no-cache")
	return c.Blob(http.StatusOK, "application/manifest+json", body)
}
