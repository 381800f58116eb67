package pass

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func site(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// What the caller escaped goes out as it came, byte for byte.
func TestTargetIsNotTouched(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"/api/resource/Sales%20Invoice/Facture%20%C3%89%2F2026", "/api/resource/Issue/a%2Fb", "/api/resource/Issue/a/b",
		"/api/resource/Issue?filters=[[%22a%22,\"=\",1]]&x={y}|z", "/api/resource/Issue/%7e%41", "/api/resource/Issue/É", "/a//b/../c",
		"/?", "/x?a=%zz", "/x%zz",
	} {
		r, err := Pass{Method: "GET", Target: target}.Request(t.Context(), site(t, "https://erp.example.test/"))
		if err != nil || r.URL.RequestURI() != target || r.URL.Host != "erp.example.test" || r.Host != "erp.example.test" {
			t.Errorf("%s goes out as %v, %v", target, r, err)
		}
	}
	r, err := Pass{Method: "GET", Target: "/api/x"}.Request(t.Context(), site(t, "https://example.test/erp/"))
	if err != nil || r.URL.RequestURI() != "/erp/api/x" {
		t.Errorf("below a path: %v, %v", r, err)
	}
}

func TestTargetsThatLeaveTheSite(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"", "api", "//evil.example.test/x", "https://evil.example.test/", "@evil.example.test/", "/a b", "/a\r\nHost: x", "/a\x00", "/a#b", "/a\x7f", "/a\tb",
	} {
		if r, err := (Pass{Method: "GET", Target: target}).Request(t.Context(), site(t, "https://erp.example.test")); err == nil {
			t.Errorf("%q goes out to %s", target, r.URL)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	got := Header(http.Header{
		"Accept-Language": {"fr"}, "Content-Type": {"application/json"}, "If-None-Match": {`"x"`}, "Range": {"bytes=0-1"},
		"Cookie": {"sid=1"}, "Authorization": {"token a:b"}, "X-Frappe-Csrf-Token": {"t"}, "X-Frappe-Site-Name": {"other"},
		"Frappe-Authorization-Source": {"User"}, "X-Forwarded-For": {"192.0.2.1"}, "X-Forwarded-Host": {"x"}, "Forwarded": {"for=x"},
		"Connection": {"keep-alive, X-Hop", "Te"}, "X-Hop": {"1"}, "Te": {"trailers"}, "Transfer-Encoding": {"chunked"},
		"Upgrade": {"h2c"}, "Content-Length": {"7"}, "Expect": {"100-continue"}, "Proxy-Authorization": {"x"}, "Keep-Alive": {"1"},
		"Trailer": {"x"}, "X-Real-Ip": {"192.0.2.1"}, "Host": {"evil"},
	})
	want := http.Header{
		"Accept": {"application/json"}, "Accept-Encoding": {"identity"},
		"Accept-Language": {"fr"}, "Content-Type": {"application/json"}, "If-None-Match": {`"x"`}, "Range": {"bytes=0-1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	kept := Header(http.Header{"Accept": {"text/csv"}, "Accept-Encoding": {"gzip"}})
	if kept.Get("Accept") != "text/csv" || kept.Get("Accept-Encoding") != "gzip" {
		t.Errorf("headers %v", kept)
	}
}

func TestBody(t *testing.T) {
	t.Parallel()
	base := site(t, "https://erp.example.test")
	r, err := Pass{Method: "PUT", Target: "/x", Body: strings.NewReader("abc"), Length: 3}.Request(t.Context(), base)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || string(body) != "abc" || r.ContentLength != 3 {
		t.Errorf("body %q of %d, %v", body, r.ContentLength, err)
	}
	if r, err = (Pass{Method: "PUT", Target: "/x", Body: io.NopCloser(strings.NewReader("abc")), Length: -1}).Request(t.Context(), base); err != nil || r.ContentLength != -1 {
		t.Errorf("a body of unknown length: %v, %v", r, err)
	}
	if r, err = (Pass{Method: "GET", Target: "/x"}).Request(t.Context(), base); err != nil || r.Body != http.NoBody {
		t.Errorf("no body: %v, %v", r, err)
	}
}
