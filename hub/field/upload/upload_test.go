package upload_test

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/field/upload"
)

// TestAPictureComesInPieces over a line that breaks, with a telephone that forgets.
func TestAPictureComesInPieces(t *testing.T) {
	t.Parallel()
	c := newCounter(t, nil)
	raw := jpeg(700<<10, 7)
	begun := c.begin("T1", len(raw), sumOf(raw))
	where := begun.Header().Get("Location")
	if begun.Code != http.StatusCreated || offset(begun) != "0" || begun.Header().Get("Upload-Expires") == "" || begun.Header().Get("Tus-Resumable") != "1.0.0" {
		t.Fatalf("%d %v", begun.Code, begun.Header())
	}
	broken := c.piece("T1", where, 0, &cut{bytes.NewReader(raw), 300 << 10})
	if broken.Code != http.StatusBadRequest {
		t.Errorf("a broken line is %d", broken.Code)
	}
	if head := c.ask("T1", http.MethodHead, where, nil, nil); head.Code != http.StatusOK || offset(head) != "307200" || head.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d, %s bytes are there, %v", head.Code, offset(head), head.Header())
	}
	again := c.begin("T1", len(raw), sumOf(raw))
	if again.Code != http.StatusOK || again.Header().Get("Location") != where || offset(again) != "307200" {
		t.Errorf("begun again: %d at %s", again.Code, offset(again))
	}
	if astray := c.piece("T1", where, 0, bytes.NewReader(raw)); astray.Code != http.StatusConflict || !strings.Contains(astray.Body.String(), "307200") {
		t.Errorf("a piece that is there: %d %s", astray.Code, astray.Body)
	}
	if _, err := c.desk.Picture(t.Context(), "T1", id(begun)); errKind(err) != hub.Invalid {
		t.Errorf("half a picture: %v", err)
	}
	rest := c.piece("T1", where, 300<<10, bytes.NewReader(raw[300<<10:]))
	if rest.Code != http.StatusNoContent || offset(rest) != "716800" {
		t.Fatalf("%d at %s: %s", rest.Code, offset(rest), rest.Body)
	}
	for range 2 {
		p, err := c.desk.Picture(t.Context(), "T1", id(begun))
		if err != nil || !bytes.Equal(p.Body, append([]byte("clean "), raw...)) || p.SHA256 != sumOf(raw) || p.Extension != ".jpg" {
			t.Errorf("%d bytes %s %v", len(p.Body), p.Extension, err)
		}
	}
	for range 2 { // once is enough
		if err := c.desk.Done(t.Context(), "T1", id(begun), "/private/files/p.jpg"); err != nil {
			t.Error(err)
		}
	}
	was, err := c.desk.Picture(t.Context(), "T1", id(begun))
	if _, other := c.desk.Picture(t.Context(), "T2", id(begun)); err != nil || was.File != "/private/files/p.jpg" || was.Body != nil || was.SHA256 != sumOf(raw) || errKind(other) != hub.NotFound {
		t.Errorf("it was attached as %+v, %v; somebody else: %v", was, err, other)
	}
	if gone := c.ask("T1", http.MethodGet, where, nil, nil); gone.Code != http.StatusNotFound {
		t.Errorf("it is still there: %d", gone.Code)
	}
}

// TestOnlyItsOwnTechnician reaches an upload.
func TestOnlyItsOwnTechnician(t *testing.T) {
	t.Parallel()
	c := newCounter(t, nil)
	raw := jpeg(1000, 1)
	where := c.begin("T1", len(raw), sumOf(raw)).Header().Get("Location")
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		if w := c.ask("T2", method, where, nil, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
	if w := c.piece("T2", where, 0, bytes.NewReader(raw)); w.Code != http.StatusNotFound {
		t.Errorf("sending: %d", w.Code)
	}
	c.ask("T2", http.MethodDelete, where, nil, nil)
	if w := c.ask("T1", http.MethodDelete, where, nil, nil); w.Code != http.StatusNoContent {
		t.Errorf("giving it up: %d", w.Code)
	}
	if other := c.begin("T2", len(raw), sumOf(raw)).Header().Get("Location"); other == where {
		t.Error("two technicians share an upload")
	}
}

// TestWhatIsNoPicture is refused as soon as that can be told, and forgotten.
func TestWhatIsNoPicture(t *testing.T) {
	t.Parallel()
	c := newCounter(t, func(raw []byte) ([]byte, string, error) {
		return nil, "", hub.Fail(hub.TooLarge, "picture-too-large", "Too many pixels.", nil)
	})
	heic := append([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), make([]byte, 1000)...)
	for name, tc := range map[string]struct {
		raw    []byte
		length int
		sum    string
		code   int
		left   int // what HEAD answers afterwards
	}{
		"HEIC":           {heic, len(heic), sumOf(heic), http.StatusUnsupportedMediaType, http.StatusOK},
		"a bomb":         {jpeg(1000, 2), 1000, sumOf(jpeg(1000, 2)), http.StatusRequestEntityTooLarge, http.StatusNotFound},
		"another's sum":  {jpeg(1000, 3), 1000, sumOf(jpeg(1000, 4)), http.StatusUnprocessableEntity, http.StatusOK},
		"more than said": {jpeg(2000, 5), 1000, sumOf(jpeg(2000, 5)), http.StatusRequestEntityTooLarge, http.StatusOK},
	} {
		where := c.begin("T1", tc.length, tc.sum).Header().Get("Location")
		if w := c.piece("T1", where, 0, bytes.NewReader(tc.raw)); w.Code != tc.code {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if w := c.ask("T1", http.MethodHead, where, nil, nil); w.Code != tc.left || w.Code == http.StatusOK && offset(w) != "0" {
			t.Errorf("%s: %d, %s bytes are left", name, w.Code, offset(w))
		}
	}
}

// TestRequestsThatAreNotTus are refused in words.
func TestRequestsThatAreNotTus(t *testing.T) {
	t.Parallel()
	c := newCounter(t, nil)
	raw := jpeg(1000, 1)
	where := c.begin("T1", len(raw), sumOf(raw)).Header().Get("Location")
	for name, tc := range map[string]struct {
		method, path string
		headers      map[string]string
		code         int
	}{
		"version":     {http.MethodPatch, where, map[string]string{"Tus-Resumable": "0.2.2"}, http.StatusPreconditionFailed},
		"type":        {http.MethodPatch, where, map[string]string{"Upload-Offset": "0", "Content-Type": "image/jpeg"}, http.StatusUnsupportedMediaType},
		"no offset":   {http.MethodPatch, where, map[string]string{"Content-Type": "application/offset+octet-stream"}, http.StatusConflict},
		"no length":   {http.MethodPost, "/field/uploads", nil, http.StatusUnprocessableEntity},
		"no sum":      {http.MethodPost, "/field/uploads", map[string]string{"Upload-Length": "5", "Upload-Metadata": "job REotMQ=="}, http.StatusUnprocessableEntity},
		"no base64":   {http.MethodPost, "/field/uploads", map[string]string{"Upload-Length": "5", "Upload-Metadata": "job ?"}, http.StatusUnprocessableEntity},
		"50 MB":       {http.MethodPost, "/field/uploads", map[string]string{"Upload-Length": "52428800"}, http.StatusRequestEntityTooLarge},
		"not there":   {http.MethodGet, "/field/uploads/00", nil, http.StatusNotFound},
		"other bytes": {http.MethodPost, "/field/uploads", map[string]string{"Upload-Length": "-1"}, http.StatusUnprocessableEntity},
	} {
		if w := c.ask("T1", tc.method, tc.path, bytes.NewReader(raw), tc.headers); w.Code != tc.code {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := c.begin("T1", 999, sumOf(raw)); w.Code != http.StatusConflict {
		t.Errorf("the same bytes with another length: %d", w.Code)
	}
}

// TestTwoTabsSendTheSamePiece: one is first, the other is told how far it is.
func TestTwoTabsSendTheSamePiece(t *testing.T) {
	t.Parallel()
	c := newCounter(t, nil)
	raw := jpeg(400<<10, 9)
	begun := c.begin("T1", len(raw), sumOf(raw))
	where, codes := begun.Header().Get("Location"), make([]int, 6)
	var tabs sync.WaitGroup
	for i := range codes {
		tabs.Go(func() { codes[i] = c.piece("T1", where, 0, bytes.NewReader(raw)).Code })
	}
	tabs.Wait()
	first := 0
	for _, code := range codes {
		switch code {
		case http.StatusNoContent:
			first++
		case http.StatusConflict:
		default:
			t.Errorf("%d", code)
		}
	}
	p, err := c.desk.Picture(t.Context(), "T1", id(begun))
	if first > 1 || first == 1 && (err != nil || len(p.Body) != len(raw)+len("clean ")) {
		t.Errorf("%d were first, %d bytes, %v", first, len(p.Body), err)
	}
}

// TestADayHasAnEnd: a telephone that has gone mad fills no store.
func TestADayHasAnEnd(t *testing.T) {
	t.Parallel()
	c := newCounter(t, nil)
	for i := range 200 {
		_, _, err := c.desk.Create(t.Context(), upload.Upload{Technician: "T1", Job: "DJ-1", SHA256: sumOf([]byte{byte(i), byte(i >> 8)}), Length: 10})
		if err != nil {
			t.Fatal(i, err)
		}
	}
	if w := c.begin("T1", 10, sumOf([]byte("one more"))); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d", w.Code)
	}
	if w := c.begin("T2", 10, sumOf([]byte("one more"))); w.Code != http.StatusCreated {
		t.Errorf("somebody else: %d", w.Code)
	}
}
