package erpnextsim_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// get fetches as the integration user, with a range or another header.
func (b *bench) get(path string, headers ...string) answer {
	b.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Authorization", "token "+hub)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return b.send(r)
}

func TestPrivateFiles(t *testing.T) {
	t.Parallel()
	v15, v16 := open(t, erpnextsim.Options{Profile: erpnextsim.V15}), open(t, erpnextsim.Options{})
	for _, b := range []*bench{v15, v16} {
		b.upload("plan é.txt", "hello world", map[string]string{"is_private": "1"})
		b.upload("page.html", "<p>", map[string]string{"is_private": "1"})
	}
	path := "/private/files/plan%20é.txt"
	if a := v15.get(path, "Range", "bytes=2-4"); a.status != 200 || a.text != "hello world" || a.header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("the older release sends the whole: %d %q %v", a.status, a.text, a.header)
	}
	whole := v16.get(path)
	if whole.header.Get("Accept-Ranges") != "bytes" || whole.header.Get("Cache-Control") != "no-cache" ||
		whole.header.Get("Content-Disposition") != "inline; filename*=UTF-8''plan%20%C3%A9.txt" {
		t.Errorf("headers: %v", whole.header)
	}
	for want, c := range map[string]struct {
		headers []string
		status  int
		span    string
	}{
		"llo":   {[]string{"Range", "bytes=2-4"}, 206, "bytes 2-4/11"},
		"world": {[]string{"Range", "bytes=-5"}, 206, "bytes 6-10/11"},
		"d":     {[]string{"Range", "bytes=10-99"}, 206, "bytes 10-10/11"},
		"":      {[]string{"If-None-Match", whole.header.Get("ETag")}, 304, ""},
		"<p>The server cannot provide the requested range.</p>": {[]string{"Range", "bytes=11-"}, 416, "bytes */11"},
	} {
		a := v16.get(path, c.headers...)
		if a.status != c.status || !strings.Contains(a.text, want) || a.header.Get("Content-Range") != c.span || c.status == 206 && a.text != want {
			t.Errorf("%v: %d %q %q, want %d %q %q", c.headers, a.status, a.text, a.header.Get("Content-Range"), c.status, want, c.span)
		}
	}
	if a := v16.get("/private/files/page.html"); a.header.Get("Content-Disposition") != "attachment; filename=page.html" {
		t.Errorf("a page is saved, not shown: %v", a.header)
	}
	for _, b := range []*bench{v15, v16} {
		for keys, where := range map[string]string{nobody: path, visitor: path, hub: "/private/files/none.txt"} {
			a := b.as(keys, "GET", where, "")
			if a.status != 403 || !strings.Contains(a.text, "<p>You don&#39;t have permission to access this file</p>") {
				t.Errorf("%s by %q: %d %s", where, keys, a.status, a.text)
			}
		}
	}
	if a := v16.as(nobody, "GET", "/files/none.txt", ""); a.status != 404 {
		t.Errorf("a public file that is not there: %d", a.status)
	}
}

func TestDownloadFile(t *testing.T) {
	t.Parallel()
	v15, v16 := open(t, erpnextsim.Options{Profile: erpnextsim.V15}), open(t, erpnextsim.Options{})
	for b, missing := range map[*bench]int{v15: 404, v16: 403} {
		b.upload("a.txt", "hello", map[string]string{"is_private": "1"})
		at := func(address string) string { return "/api/method/download_file?file_url=" + url.QueryEscape(address) }
		a := b.get(at("/private/files/a.txt"))
		if a.text != "hello" || a.header.Get("Content-Disposition") != "attachment; filename=a.txt" || a.header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("download: %q %v", a.text, a.header)
		}
		for path, want := range map[string]int{at("/files/none"): missing, "/api/method/download_file": 500} {
			if a := b.get(path); a.status != want {
				t.Errorf("%s: %d %s, want %d", path, a.status, a.text, want)
			}
		}
		if a := b.as(nobody, "GET", at("/private/files/a.txt"), ""); a.status != 403 || a.body["exc_type"] != "PermissionError" {
			t.Errorf("by nobody: %d %s", a.status, a.text)
		}
	}
}

func TestUploads(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{})
	b.put("Lieu", map[string]any{"label": "A"})
	form := func(keys, body string) answer {
		r := httptest.NewRequest("POST", "/api/method/upload_file", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if keys != "" {
			r.Header.Set("Authorization", "token "+keys)
		}
		return b.send(r)
	}
	for body, want := range map[string]string{
		"file_url=https://x.example.com/a.pdf&file_name=a.pdf": `"file_url":"https://x.example.com/a.pdf"`,
		"file_url=bogus":           "URL must start with http:// or https://",
		"file_url=/files/none.txt": "File /files/none.txt does not exist",
		"":                         "Fields `file_name` or `file_url` must be set for File",
		"file_url=https://x.example.com/b&method=foo.bar": "App foo is not installed",
	} {
		if a := form(hub, body); !strings.Contains(a.text, want) {
			t.Errorf("%q: %d %s, want %s", body, a.status, a.text, want)
		}
	}
	for keys, body := range map[string]string{nobody: "file_url=https://x.example.com/a", visitor: "file_url=https://x.example.com/a&doctype=Lieu&docname=LOC-00001",
		seller: "file_url=https://x.example.com/a&doctype=Payment+Entry&docname=new-1"} {
		if a := form(keys, body); a.status != 403 {
			t.Errorf("%q by %q: %d %s", body, keys, a.status, a.text)
		}
	}
	if a := b.as(hub, "GET", "/api/method/upload_file", ""); a.status != 403 {
		t.Errorf("by GET: %d", a.status)
	}
	chunk := func(content, index, offset string) answer {
		return b.upload("big.bin", content, map[string]string{"chunk_index": index, "total_chunk_count": "3", "chunk_byte_offset": offset, "total_file_size": "9"})
	}
	if a, c := chunk("abc", "0", "0"), chunk("def", "1", "3"); a.text != "{}" || c.text != "{}" {
		t.Errorf("chunks in between: %s %s", a.text, c.text)
	}
	file, _ := chunk("ghi", "2", "6").body["message"].(map[string]any)
	if file["file_size"] != 9.0 || b.get("/files/big.bin").text != "abcdefghi" {
		t.Errorf("the whole: %v", file)
	}
	b.put("System Settings", map[string]any{"max_file_size": 1, "language": "en"})
	if a := b.upload("large.bin", strings.Repeat("x", 1<<20+1), nil); a.status != 413 {
		t.Errorf("larger than System Settings allow: %d %s", a.status, a.text)
	}
}
