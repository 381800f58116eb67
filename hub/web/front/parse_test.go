package front

import (
	"bufio"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// heads are requests as browsers, proxies and attackers send them; taken says
// which of them are for here.
func heads() map[string]bool {
	all := getHeads()
	maps.Copy(all, postHeads())
	return all
}

const host = "Host: hub.example\r\n"

func postHeads() map[string]bool {
	const post = "POST /webhooks/x HTTP/1.1\r\n"
	return map[string]bool{
		post + "\r\n":        false,
		post + host + "\r\n": false,
		post + host + "Content-Length: 0\r\n\r\n":                                                      true,
		post + host + "content-length:5\r\nExpires: 0\r\n\r\n":                                         true,
		"POST /webhooks/x?a=%2F HTTP/1.1\r\nContent-Length: 00012\r\nX-Proof: a.b\r\n" + host + "\r\n": true,
		post + host + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n":                                 false,
		post + host + "Content-Length: 5\r\ncontent-length: 6\r\n\r\n":                                 false,
		post + host + "Content-Length: 5, 5\r\n\r\n":                                                   false,
		post + host + "Content-Length: +5\r\n\r\n":                                                     false,
		post + host + "Content-Length: -1\r\n\r\n":                                                     false,
		post + host + "Content-Length: 0x5\r\n\r\n":                                                    false,
		post + host + "Content-Length: 5 5\r\n\r\n":                                                    false,
		post + host + "Content-Length: 5_0\r\n\r\n":                                                    false,
		post + host + "Content-Length:\r\n\r\n":                                                        false,
		post + host + "Content-Length: 9999999999\r\n\r\n":                                             false,
		post + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n":                        false,
		post + host + "Content-Length: 5\r\nTransfer-Encoding: identity\r\n\r\n":                       false,
		post + host + "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n":                              false,
		post + host + "Content-Length: 5\r\nTrailer: x\r\n\r\n":                                        false,
		post + host + "Content-Length : 5\r\n\r\n":                                                     false,
		"post /api HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n":                                  false,
		"POST  /api HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n":                                 false,
		"POST HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n":                                       false,
	}
}

func getHeads() map[string]bool {
	const get = "GET /api/resource/Item HTTP/1.1\r\n"
	return map[string]bool{
		get + host + "\r\n": true,
		get + host + "Authorization: Bearer a.b.c\r\naccept-encoding: gzip, br\r\nX-A:  b\t\r\nx-a: c\r\nX-Empty:\r\n\r\n": true,
		get + "host: [::1]:3300\r\nConnection: Keep-Alive\r\n\r\n":                                                         true,
		get + host + "Connection: close\r\n\r\n":                                                                           true,
		"GET /api/resource/Facture%20%C3%89%2F2026?fields=%5B%22*%22%5D&a=b HTTP/1.1\r\n" + host + "\r\n":                  true,
		"GET /a;b=c/../d?x=\"<>{}|^` HTTP/1.1\r\n" + host + "\r\n":                                                         true,
		"GET / HTTP/1.1\r\n" + host + "Cache-Control: max-age=0\r\nCookie: a=b; c=d\r\n\r\n":                               true,
		get + "\r\n":                                                       false,
		get + host + host + "\r\n":                                         false,
		get + "Host: \r\n\r\n":                                             false,
		get + "Host: a b\r\n\r\n":                                          false,
		get + "Host: hub.example/x\r\n\r\n":                                false,
		get + host + "Content-Length: 0\r\n\r\n":                           false,
		get + host + "Content-Length: 5\r\n\r\n":                           false,
		get + host + "Transfer-Encoding: chunked\r\n\r\n":                  false,
		get + host + "transfer-encoding : chunked\r\n\r\n":                 false,
		get + host + "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n":   false,
		get + host + "Connection: keep-alive, x-a\r\n\r\n":                 false,
		get + host + "Connection: close\r\nConnection: keep-alive\r\n\r\n": false,
		get + host + "Expect: 100-continue\r\n\r\n":                        false,
		get + host + "TE: trailers\r\n\r\n":                                false,
		get + host + "Pragma: no-cache\r\n\r\n":                            false,
		get + host + "X-A: b\r\n c\r\n\r\n":                                false,
		get + host + " X-A: b\r\n\r\n":                                     false,
		get + host + "X-A: b\nX-B: c\r\n\r\n":                              false,
		get + host + "X-A: b\rX-B: c\r\n\r\n":                              false,
		get + host + "X-A: b\x00c\r\n\r\n":                                 false,
		get + host + "X-A: é\r\n\r\n":                                      false,
		get + host + "X A: b\r\n\r\n":                                      false,
		get + host + ": b\r\n\r\n":                                         false,
		get + host + "nonsense\r\n\r\n":                                    false,
		get + host + strings.Repeat("X-A: b\r\n", 80) + "\r\n":             false,
		get + host + "\r\nGET /x HTTP/1.1\r\n\r\n":                         false,
		"GET /api HTTP/1.0\r\n" + host + "\r\n":                            false,
		"GET /api HTTP/1.10\r\n" + host + "\r\n":                           false,
		"GET /api  HTTP/1.1\r\n" + host + "\r\n":                           false,
		"GET  /api HTTP/1.1\r\n" + host + "\r\n":                           false,
		"GET /a b HTTP/1.1\r\n" + host + "\r\n":                            false,
		"GET /%zz HTTP/1.1\r\n" + host + "\r\n":                            false,
		"GET /a#b HTTP/1.1\r\n" + host + "\r\n":                            false,
		"GET //evil.example/ HTTP/1.1\r\n" + host + "\r\n":                 false,
		"GET http://evil.example/ HTTP/1.1\r\n" + host + "\r\n":            false,
		"GET /é HTTP/1.1\r\n" + host + "\r\n":                              false,
		"GET * HTTP/1.1\r\n" + host + "\r\n":                               false,
		"get /api HTTP/1.1\r\n" + host + "\r\n":                            false,
		"GET\t/api HTTP/1.1\r\n" + host + "\r\n":                           false,
		"HEAD /api HTTP/1.1\r\n" + host + "\r\n":                           false,
		"POST /api HTTP/1.1\r\n" + host + "\r\n":                           false,
		"\r\nGET /api HTTP/1.1\r\n" + host + "\r\n":                        false,
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":                                 false,
		"":                                                                 false,
	}
}

func TestWhatIsTaken(t *testing.T) {
	t.Parallel()
	for head, want := range heads() {
		sameAsNetHTTP(t, head, want)
	}
}

// sameAsNetHTTP fails when a head is not taken as wanted, or when a request that
// is taken would be another one to net/http: at the first time, at the second
// when its lines are remembered, and after a handler has changed them.
func sameAsNetHTTP(t *testing.T, head string, want bool) {
	t.Helper()
	var p parser
	for range 3 {
		ours, taken := p.parse([]byte(head))
		if taken != want {
			t.Errorf("taken %v: %q", taken, head)
		}
		if !taken {
			continue
		}
		sameRequest(t, head, ours.WithContext(t.Context()))
		sameRequest(t, head, func() *http.Request { r, _ := p.parse([]byte(head)); return r }())
		for name := range ours.Header {
			ours.Header[name][0] += "!"
		}
	}
}

func sameRequest(t *testing.T, head string, ours *http.Request) {
	t.Helper()
	in := bufio.NewReader(strings.NewReader(head))
	theirs, err := http.ReadRequest(in)
	if err != nil {
		t.Fatalf("net/http refuses %q: %v", head, err)
	}
	if in.Buffered() != 0 || theirs.ContentLength == 0 && theirs.Body != http.NoBody {
		t.Errorf("net/http leaves %d bytes, body %T: %q", in.Buffered(), theirs.Body, head)
	}
	type known struct {
		Method, Target, Proto, Host, URL, Path, RawPath, Query string
		Header                                                 http.Header
		Length                                                 int64
		Close                                                  bool
		Coding                                                 []string
	}
	of := func(r *http.Request) known {
		return known{r.Method, r.RequestURI, r.Proto, r.Host, r.URL.String(), r.URL.Path, r.URL.RawPath, r.URL.RawQuery, r.Header, r.ContentLength, r.Close, r.TransferEncoding}
	}
	if diff := cmp.Diff(of(theirs), of(ours)); diff != "" {
		t.Errorf("%q (-net/http +here):\n%s", head, diff)
	}
}

// What is remembered of a request is nothing to the next one.
func TestRequestsAfterOthers(t *testing.T) {
	t.Parallel()
	var p parser
	for before := range heads() {
		for head, want := range heads() {
			_, _ = p.parse([]byte(before))
			r, taken := p.parse([]byte(head))
			if taken != want {
				t.Errorf("taken %v: %q after %q", taken, head, before)
			}
			if taken {
				sameRequest(t, head, r)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for head := range heads() {
		f.Add(head)
	}
	f.Fuzz(func(t *testing.T, head string) {
		if strings.Index(head, "\r\n\r\n") == len(head)-4 { // as the front cuts it out
			_, taken := new(parser).parse([]byte(head))
			sameAsNetHTTP(t, head, taken)
		}
	})
}
