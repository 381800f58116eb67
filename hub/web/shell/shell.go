// Package shell dresses pages: the layout with brand, language switch and style
// sheet, and the assets that pages link to, addressed by their content. Pages
// work without scripts, in light and dark, French first.
//
// It has no routes (package web serves its assets), calls nothing and remembers
// nothing.
package shell

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
)

//go:embed layout.html
var layoutFile string

//go:embed assets
var assetFiles embed.FS

// Shell is the layout and its assets.
type Shell struct {
	Assets *Assets
	layout *template.Template
}

// Frame is what the layout needs to know about a page.
type Frame struct {
	Lang  string // fr or en
	Brand string // whose pages they are
}

// New parses the layout.
func New() (*Shell, error) {
	files, err := fs.Sub(assetFiles, "assets")
	if err != nil {
		return nil, fmt.Errorf("opening assets: %w", err)
	}
	assets, err := NewAssets("/assets", files)
	if err != nil {
		return nil, err
	}
	layout, err := template.New("layout").Option("missingkey=error").
		Funcs(template.FuncMap{"asset": assets.URL}).Parse(layoutFile)
	if err != nil {
		return nil, fmt.Errorf("parsing layout: %w", err)
	}
	return &Shell{Assets: assets, layout: layout}, nil
}

// Render executes the template name of t and puts it into the layout. The title
// comes from the template name + ".title", if t has one; name + ".head" adds
// links to style sheets and scripts.
func (s *Shell) Render(f Frame, t *template.Template, name string, data any) ([]byte, error) {
	view := struct {
		Frame
		Title, Head, Content template.HTML
	}{Frame: f}
	for part, into := range map[string]*template.HTML{"": &view.Content, ".title": &view.Title, ".head": &view.Head} {
		if part != "" && t.Lookup(name+part) == nil {
			continue
		}
		var out bytes.Buffer
		if err := t.ExecuteTemplate(&out, name+part, data); err != nil {
			return nil, err
		}
		*into = template.HTML(out.String()) // executed by html/template just now, so escaped already
	}
	var page bytes.Buffer
	if err := s.layout.Execute(&page, view); err != nil {
		return nil, err
	}
	return page.Bytes(), nil
}
