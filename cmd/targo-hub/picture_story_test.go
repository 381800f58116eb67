package main

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"testing"
)

// upload sends a photo in one piece, as a telephone does, and returns its number,
// the last status and what the hub said.
func (h *running) upload(t *testing.T, token, job, name string, photo []byte) (id string, status int, said string) {
	t.Helper()
	sum := sha256.Sum256(photo)
	code := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	made := h.sends(t, token, parcel{method: http.MethodPost, path: "/field/uploads", headers: map[string]string{
		"Upload-Length":   fmt.Sprint(len(photo)),
		"Upload-Metadata": fmt.Sprintf("job %s,sha256 %s,filetype %s,filename %s", code(job), code(hex.EncodeToString(sum[:])), code("image/jpeg"), code(name)),
	}})
	if made.status != http.StatusCreated {
		return "", made.status, made.body
	}
	where := made.header.Get("Location")
	where = where[strings.Index(where, "/field/uploads/"):]
	sent := h.sends(t, token, parcel{http.MethodPatch, where, photo, map[string]string{"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}})
	return strings.TrimPrefix(where, "/field/uploads/"), sent.status, sent.body
}

// parcel is a request that is no JSON.
type parcel struct {
	method, path string
	body         []byte
	headers      map[string]string
}

func (h *running) sends(t *testing.T, token string, p parcel) reply {
	t.Helper()
	r, err := http.NewRequest(p.method, h.url+p.path, bytes.NewReader(p.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Tus-Resumable", "1.0.0")
	for k, v := range p.headers {
		r.Header.Set(k, v)
	}
	return do(t, r)
}

// sham is a file that says it is a photo, and what becomes of it.
type sham struct {
	name  string
	bytes []byte
	want  int
	words string // that help, in the answer
}

func shams() []sham {
	pad := func(head string) []byte { return append([]byte(head), bytes.Repeat([]byte{0}, 4000)...) }
	return []sham{
		{"IMG_0001.HEIC", pad("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), http.StatusUnsupportedMediaType, "HEIC"},
		{"facture.jpg", pad("%PDF-1.7\n%âãÏÓ\n"), http.StatusUnsupportedMediaType, "PDF"},
		{"anime.webp", animated(), http.StatusUnsupportedMediaType, "still picture"},
		{"page.jpg", []byte("<html><script>alert(1)</script></html>"), http.StatusUnsupportedMediaType, ""},
		{"bombe.png", bomb(), http.StatusRequestEntityTooLarge, ""},
		{"coupee.jpg", pad("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), http.StatusUnprocessableEntity, ""},
	}
}

// animated is the beginning of a WebP with several pictures.
func animated() []byte {
	body := []byte("WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x3f\x00\x00\x3f\x00\x00ANIM\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00ANMF")
	body = append(body, bytes.Repeat([]byte{0}, 600)...)
	head := append([]byte("RIFF"), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(head[4:], uint32(len(body)))
	return append(head, body...)
}

// bomb is a PNG of some kilobytes that says it is 30000 by 30000 points.
func bomb() []byte {
	var out bytes.Buffer
	out.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		_ = binary.Write(&out, binary.BigEndian, uint32(len(data)))
		sum := crc32.NewIEEE()
		_, _ = io.MultiWriter(&out, sum).Write(append([]byte(kind), data...))
		_ = binary.Write(&out, binary.BigEndian, sum.Sum32())
	}
	size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 30000), 30000)
	chunk("IHDR", append(size, 8, 0, 0, 0, 0))
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, _ = z.Write(make([]byte, 1<<20))
	_ = z.Close()
	chunk("IDAT", packed.Bytes())
	chunk("IEND", nil)
	return out.Bytes()
}

// TestPhotosThatAreNone sends a technician's queue and the reader of labels what is
// no photo, or too much of one. The answers say what to do instead.
func TestPhotosThatAreNone(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	s := w.newShift(t)
	h := w.start(t)
	_, token := h.techLink(t, s.technician, s.job, false)
	for _, each := range shams() {
		if _, status, said := h.upload(t, token, s.job, each.name, each.bytes); status != each.want || !strings.Contains(said, each.words) {
			t.Errorf("%s as an upload was answered %d %s, want %d with %q", each.name, status, said, each.want, each.words)
		}
		status, said, err := h.ask(token, http.MethodPost, "/vision/barcodes", m{"image": base64.StdEncoding.EncodeToString(each.bytes)}, nil)
		if err != nil || status != each.want || !strings.Contains(said, each.words) {
			t.Errorf("%s to be read was answered %d %s (%v), want %d with %q", each.name, status, said, err, each.want, each.words)
		}
	}
	large := h.sends(t, token, parcel{method: http.MethodPost, path: "/field/uploads", headers: map[string]string{"Upload-Length": fmt.Sprint(50 << 20)}})
	if large.status != http.StatusRequestEntityTooLarge {
		t.Errorf("50 MB as an upload were answered %d %s", large.status, large.body)
	}
	if status, said, err := h.ask(token, http.MethodPost, "/vision/barcodes", m{"image": strings.Repeat("A", 50<<20)}, nil); err == nil && status != http.StatusRequestEntityTooLarge {
		t.Errorf("50 MB to be read were answered %d %s", status, said)
	}
	files := w.all(t, "File", m{"attached_to_name": s.job})
	if len(files) != 0 {
		t.Errorf("the visit has %d files", len(files))
	}
}

// TestWithoutGeminiLabelsAreStillRead reads a sticker without any key; what only
// Gemini could read is refused in words.
func TestWithoutGeminiLabelsAreStillRead(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	s := w.newShift(t)
	h := w.start(t)
	_, token := h.techLink(t, s.technician, s.job, false)
	var read struct {
		Engine string
		Codes  []struct{ Value, Kind, Normalized string }
	}
	status, said, err := h.ask(token, http.MethodPost, "/vision/barcodes", m{"image": base64.StdEncoding.EncodeToString(label(t, s.serial))}, &read)
	if err != nil || status != http.StatusOK || read.Engine != "local" || len(read.Codes) != 1 || read.Codes[0].Normalized != s.serial || read.Codes[0].Kind != "gpon" {
		t.Errorf("the label was answered %d %s, %v", status, said, err)
	}
	status, said, err = h.ask(token, http.MethodPost, "/vision/equipment", m{"image": base64.StdEncoding.EncodeToString(label(t, s.serial))}, nil)
	if err != nil || status != http.StatusServiceUnavailable || !strings.Contains(said, "part-off") {
		t.Errorf("without a key the whole label was answered %d %s, %v", status, said, err)
	}
	var found struct {
		Tier      string
		Equipment m
	}
	status, said, err = h.ask(token, http.MethodGet, "/equipment/lookup?code="+s.serial+"&job="+s.job, nil, &found)
	if err != nil || status != http.StatusOK || found.Tier != "serial" || found.Equipment["name"] != s.equipment {
		t.Errorf("the device was looked up with %d %s, %v", status, said, err)
	}
}
