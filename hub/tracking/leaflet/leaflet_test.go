package leaflet_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/tracking/leaflet"
	"gigafibre.ca/targo-hub/hub/web"
)

func serve(t *testing.T) (*leaflet.Files, string) {
	t.Helper()
	files, err := leaflet.New()
	if err != nil {
		t.Fatal(err)
	}
	edge, err := web.NewServer(web.Config{Brand: "Fibre d'essai"}, web.Deps{Verifier: hubtest.Door{}})
	if err != nil {
		t.Fatal(err)
	}
	files.Mount(edge.Router())
	server := httptest.NewServer(edge.Handler())
	t.Cleanup(server.Close)
	return files, server.URL
}

// TestLibraryIsAsItsMakersMadeIt compares the files with the hashes that the makers
// of Leaflet publish for version 1.9.4, and looks for their licence.
func TestLibraryIsAsItsMakersMadeIt(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"leaflet.js": "20nQCchB9co0qIjJZRGuk2/Z9VM+kNiyxNV1lvTlZBo=", "leaflet.css": "p4NxAoJBhIIN+hmNHrzRCf9tD/miZyoHS5obTRR9BMY=",
	} {
		body, err := os.ReadFile("dist/" + name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(body)
		if got := base64.StdEncoding.EncodeToString(sum[:]); got != want {
			t.Errorf("%s has the hash %s, want %s", name, got, want)
		}
	}
	licence, err := os.ReadFile("dist/LICENSE")
	if err != nil || !strings.Contains(string(licence), "BSD 2-Clause License") {
		t.Errorf("the licence is %.40q, %v", licence, err)
	}
}

// TestFilesAreKeptForAYear fetches what a page fetches, without being anybody, and
// what the style sheet names.
func TestFilesAreKeptForAYear(t *testing.T) {
	t.Parallel()
	files, base := serve(t)
	sheet := ""
	for name, want := range map[string]string{
		"map.js": "text/javascript; charset=utf-8", "map.css": "text/css; charset=utf-8", "leaflet.js": "text/javascript; charset=utf-8",
		"leaflet.css": "text/css; charset=utf-8", "images/layers.png": "image/png", "LICENSE": "text/plain; charset=utf-8",
	} {
		got := hubtest.Send(t, "GET", base+files.URL(name), nil, nil)
		if got.Status != 200 || got.Header.Get("Content-Type") != want || got.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || got.Body == "" {
			t.Errorf("%s: %d, %q, %q", name, got.Status, got.Header.Get("Content-Type"), got.Header.Get("Cache-Control"))
		}
		if name == "leaflet.css" {
			sheet = got.Body
		}
	}
	pictures := regexp.MustCompile(`url\((images/[^)]+)\)`).FindAllStringSubmatch(sheet, -1)
	folder := strings.TrimSuffix(files.URL("leaflet.css"), "leaflet.css")
	for _, picture := range pictures {
		if got := hubtest.Send(t, "GET", base+folder+picture[1], nil, nil); got.Status != 200 {
			t.Errorf("%s answered %d", picture[1], got.Status)
		}
	}
	if len(pictures) < 3 {
		t.Errorf("the sheet names %d pictures", len(pictures))
	}
}

// TestFilesOfAnotherVersion has a page of before an update ask, and somebody who
// makes addresses up.
func TestFilesOfAnotherVersion(t *testing.T) {
	t.Parallel()
	files, base := serve(t)
	got := hubtest.Send(t, "GET", base+"/track/leaflet/000000000000/map.js", nil, nil)
	if got.Status != 200 || got.Header.Get("Cache-Control") != "no-store" || !strings.Contains(got.Body, "export async function open") {
		t.Errorf("another version: %d, %q", got.Status, got.Header.Get("Cache-Control"))
	}
	folder := strings.TrimSuffix(files.URL("map.js"), "map.js")
	for _, name := range []string{"", "images", "images/", "none.js", "..%2Fleaflet.go", "dist/leaflet.js", "%00", "leaflet.js/"} {
		if got := hubtest.Send(t, "GET", base+folder+name, nil, nil); got.Status != 404 {
			t.Errorf("%q answered %d", name, got.Status)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("an unknown file has an address")
		}
	}()
	files.URL("none.js")
}
