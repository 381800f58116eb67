// Package leaflet holds the library that draws maps (Leaflet 1.9.4, as it came from
// its makers, with their licence in dist/LICENSE) and the one way in which pages of
// the hub use it: the module map.js, which fetches the library when a map is to be
// seen and not before, and keeps to the strict policy of the hub's pages.
//
// A page links to nothing of it. It puts the address of map.js into an attribute,
// and its own script says
//
//	const { open } = await import(element.dataset.map);
//	const view = await open(element, { tiles: "/tiles/{z}/{x}/{y}", lang: "fr" });
//
// Route: GET /track/leaflet/{version}/*, Public (customers see maps, too). The version
// is a hash over all files: they name each other, so they change together, and a
// browser keeps them for a year.
// Events: none. Systems called: none. Remembers: nothing.
package leaflet

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

//go:embed dist page
var tree embed.FS

// prefix is where the files stand, before their version.
const prefix = "/track/leaflet/"

// Files are the library and the module, in one version.
type Files struct {
	version string
	bodies  map[string][]byte // by name: map.js, images/layers.png
}

// New reads the files.
func New() (*Files, error) {
	f := &Files{bodies: map[string][]byte{}}
	sum := sha256.New()
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := tree.ReadFile(name)
		if err != nil {
			return err
		}
		_, name, _ = strings.Cut(name, "/")
		f.bodies[name] = body
		fmt.Fprintf(sum, "%s %d\n", name, len(body))
		sum.Write(body)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the map's files: %w", err)
	}
	f.version = hex.EncodeToString(sum.Sum(nil)[:6])
	return f, nil
}

// Mount registers the route.
func (f *Files) Mount(r *web.Router) {
	r.Handle(http.MethodGet, prefix+"{version}/*", web.Public, f.serve, web.Doc{Hidden: true, Unmetered: true})
}

// URL returns the address of a file by its name ("map.js"). It panics on an unknown
// name: a template then fails instead of linking to nothing.
func (f *Files) URL(name string) string {
	if f.bodies[name] == nil {
		panic("no such file of the map: " + name)
	}
	return prefix + f.version + "/" + name
}

// serve answers GET /track/leaflet/{version}/*. A page of another version (before an
// update, or of another replica during one) gets today's file, not to be kept.
func (f *Files) serve(c echo.Context) error {
	name := c.Param("*")
	body, known := f.bodies[name]
	if !known {
		return hub.Fail(hub.NotFound, "not-found", "There is no such file.", nil)
	}
	if c.Param("version") == f.version {
		c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	return c.Blob(http.StatusOK, mediaType(name), body)
}

// mediaType does not depend on what the machine has installed.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".png":
		return "image/png"
	}
	return "text/plain; charset=utf-8"
}
