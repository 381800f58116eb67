package shell

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"strings"
)

// Assets are files that never change under their address: the address holds a
// hash of the content, so browsers may keep them for a year.
type Assets struct {
	Prefix string // "/assets"
	urls   map[string]string
	files  map[string]Asset
}

// Asset is one file.
type Asset struct {
	Type string // media type
	Body []byte
}

// NewAssets reads all files of the tree.
func NewAssets(prefix string, tree fs.FS) (*Assets, error) {
	a := &Assets{Prefix: strings.TrimRight(prefix, "/"), urls: map[string]string{}, files: map[string]Asset{}}
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		a.add(name, body)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading assets of %s: %w", prefix, err)
	}
	return a, nil
}

func (a *Assets) add(name string, body []byte) {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	flat := strings.ReplaceAll(strings.TrimSuffix(name, ext), "/", "-")
	address := flat + "." + hex.EncodeToString(sum[:6]) + ext
	a.files[address] = Asset{Type: mediaType(ext), Body: body}
	a.urls[name] = a.Prefix + "/" + address
}

// URL returns the address of a file by its name ("hub.css"). It panics on an
// unknown name: a template then fails instead of linking to nothing.
func (a *Assets) URL(name string) string {
	url, ok := a.urls[name]
	if !ok {
		panic("no such asset: " + name)
	}
	return url
}

// Find returns the file under the last part of an address.
func (a *Assets) Find(address string) (Asset, bool) {
	file, ok := a.files[address]
	return file, ok
}

// mediaType does not depend on what the machine has installed.
func mediaType(ext string) string {
	switch ext {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".webmanifest":
		return "application/manifest+json"
	case ".woff2":
		return "font/woff2"
	}
	if known := mime.TypeByExtension(ext); known != "" {
		return known
	}
	return "application/octet-stream"
}
