package field_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
)

// snapshot is a photo with the place where it was taken in it.
func snapshot(t testing.TB, shade uint8) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 60, 40))
	for i := range 60 * 40 {
		img.Set(i%60, i/60, color.RGBA{R: shade, G: uint8(i % 60), B: 90, A: 255})
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	secret := []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00 45.4 N 72.7 W")
	app1 := append([]byte{0xff, 0xe1, 0, byte(len(secret) + 2)}, secret...)
	return append(append(append([]byte{}, out.Bytes()[:2]...), app1...), out.Bytes()[2:]...)
}

// bring uploads a picture and returns its id.
func (c *crew) bring(t testing.TB, who, job string, raw []byte) string {
	t.Helper()
	code := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	sum := sha256.Sum256(raw)
	w := c.ask(t, who, http.MethodPost+" "+"/field/uploads", nil, "Upload-Length", fmt.Sprint(len(raw)),
		"Upload-Metadata", "job "+code(job)+",sha256 "+code(hex.EncodeToString(sum[:])))
	where := w.Header().Get("Location")
	if w.Code >= 300 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	sent := c.ask(t, who, http.MethodPatch+" "+where, raw, "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream")
	if sent.Code != http.StatusNoContent {
		t.Fatalf("%d %s", sent.Code, sent.Body)
	}
	return strings.TrimPrefix(where, "/field/uploads/")
}

// content reads a private file of the site.
func (c *crew) content(t testing.TB, path string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "token key0:secret0")
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status, err)
	}
	return raw
}

// aPhotoIsAttachedOnce although replies get lost, and tells nobody where it was
// taken but in the place for that.
func aPhotoIsAttachedOnce(t *testing.T, c *crew) {
	for cut := range 4 {
		job := c.file(t, nil)
		raw := snapshot(t, 200+uint8(cut))
		id := c.bring(t, "T1", job, raw)
		c.set(func() { c.cut = cut })
		photo := seq(1).wire(fmt.Sprintf("photo-%d", cut), job, "photo", body{"upload": id, "kind": "before", "caption": "compteur", "lat": 45.4, "lon": -72.7})
		c.insist(t, "T1", photo, seq(2).wire(fmt.Sprintf("again-%d", cut), job, "note", body{"text": "photo prise"}))
		if s := states(c.send(t, "T1", photo)); s != "duplicate" {
			t.Errorf("the second time: %s", s)
		}
		done, sum := c.job(t, job), sha256.Sum256(raw)
		files, err := c.erp.Attachments(t.Context(), "Dispatch Job", job)
		if err != nil || len(files) != 1 || len(done.Photos) != 1 {
			t.Fatalf("%v: %d files, %+v", err, len(files), done.Photos)
		}
		row := done.Photos[0]
		if row.File != files[0].FileURL || !bool(files[0].IsPrivate) || row.Kind != "before" || row.SHA256 != hex.EncodeToString(sum[:]) || row.Caption != "compteur" ||
			row.Technician != "T1" || row.Latitude != 45.4 || row.TakenAt.Text != "2026-11-23 08:55:00" {
			t.Errorf("%+v %+v", row, files[0])
		}
		kept := c.content(t, row.File)
		if _, err := jpeg.Decode(bytes.NewReader(kept)); err != nil || bytes.Contains(kept, []byte("Exif")) || bytes.Contains(kept, []byte("45.4 N")) {
			t.Errorf("%d bytes, %v", len(kept), err)
		}
		if w := c.ask(t, "T1", http.MethodGet+" "+"/field/uploads/"+id, nil); w.Code != http.StatusNotFound {
			t.Errorf("the upload is still there: %d", w.Code)
		}
	}
}

// aSignature is the customer's, with the name; a second telephone does not
// replace it unseen.
func aSignature(t *testing.T, c *crew) {
	job := c.file(t, body{"assistants": []any{body{"technician": "T2"}}})
	seen := c.modified(t, job)
	first, second := c.bring(t, "T1", job, snapshot(t, 10)), c.bring(t, "T2", job, snapshot(t, 20))
	c.set(func() { c.now = c.now.Add(time.Second) })
	if s := states(c.send(t, "T1", seq(1).wire("sign", job, "signature", body{"upload": first, "signer": "Marie Essai"}, "base_modified", seen))); s != "applied" {
		t.Fatal(s)
	}
	done := c.job(t, job)
	if done.SignedBy != "Marie Essai" || done.Signature == "" || done.SignedAt.Text != "2026-11-23 08:55:00" || len(done.Photos) != 1 || done.Photos[0].Kind != "signature" {
		t.Errorf("%+v", done)
	}
	if s := states(c.send(t, "T2", seq(1).wire("sign", job, "signature", body{"upload": second, "signer": "X"}, "base_modified", seen))); s != "conflict:document-changed" {
		t.Errorf("the second one: %s", s)
	}
	if got := c.job(t, job); got.SignedBy != "Marie Essai" || got.Signature != done.Signature {
		t.Errorf("%s %s", got.SignedBy, got.Signature)
	}
	files, err := c.erp.Attachments(t.Context(), "Dispatch Job", job)
	if err != nil || len(files) != 2 {
		t.Errorf("the office sees %d files, %v", len(files), err)
	}
	refused := c.send(t, "T1",
		seq(2).wire("p1", job, "photo", body{"upload": "none", "kind": "after"}), seq(3).wire("p2", job, "photo", body{"upload": second, "kind": "after"}),
		seq(4).wire("p3", job, "photo", body{"upload": "none", "kind": "selfie"}), seq(5).wire("p4", job, "photo", body{"upload": "none", "kind": "after", "lat": 91}))
	if s := states(refused); s != "rejected:not-found rejected:not-found rejected:invalid rejected:invalid" {
		t.Error(s)
	}
}

// theSamePictureAgain is attached once for each thing that it shows, and once for
// each work order, though its bytes are dropped the first time.
func theSamePictureAgain(t *testing.T, c *crew) {
	job, other := c.file(t, nil), c.file(t, nil)
	raw := snapshot(t, 60)
	here, there := c.bring(t, "T1", job, raw), c.bring(t, "T1", other, raw)
	got := c.insist(t, "T1", seq(1).wire("before", job, "photo", body{"upload": here, "kind": "before"}), seq(2).wire("after", job, "photo", body{"upload": here, "kind": "after"}),
		seq(3).wire("after-2", job, "photo", body{"upload": here, "kind": "after"}), seq(1).wire("other", other, "photo", body{"upload": there, "kind": "after"}))
	if s := strings.ReplaceAll(states(got), "duplicate", "applied"); s != "applied applied applied applied" {
		t.Fatal(s)
	}
	for name, want := range map[string]int{job: 2, other: 1} {
		done := c.job(t, name)
		files, err := c.erp.Attachments(t.Context(), "Dispatch Job", name)
		if err != nil || len(files) != 1 || len(done.Photos) != want || done.Photos[0].File != files[0].FileURL || done.Photos[want-1].File != files[0].FileURL {
			t.Errorf("%s: %v, %d files, %+v", name, err, len(files), done.Photos)
		}
	}
	if s := states(c.insist(t, "T2", seq(1).wire("stolen", other, "photo", body{"upload": there, "kind": "other"}))); s != "rejected:job-forbidden" {
		t.Errorf("another technician: %s", s)
	}
}

// hisSignatureAfterAll: the telephone insists on the one that met a conflict, and
// whose bytes the office has already.
func hisSignatureAfterAll(t *testing.T, c *crew) {
	job := c.file(t, nil)
	seen := c.modified(t, job)
	c.edit(t, job, erpnext.Values{"customer_signature": "/private/files/office.png", "signed_by": "Bureau"})
	id := c.bring(t, "T1", job, snapshot(t, 70))
	sign := body{"upload": id, "signer": "Marie Essai"}
	if s := states(c.insist(t, "T1", seq(1).wire("sign", job, "signature", sign, "base_modified", seen))); s != "conflict:document-changed" {
		t.Fatal(s)
	}
	if s := states(c.insist(t, "T1", seq(2).wire("mine", job, "signature", sign, "base_modified", c.modified(t, job)))); s != "applied" && s != "duplicate" {
		t.Fatal(s)
	}
	files, err := c.erp.Attachments(t.Context(), "Dispatch Job", job)
	if done := c.job(t, job); err != nil || len(files) != 1 || done.Signature != files[0].FileURL || done.SignedBy != "Marie Essai" || len(done.Photos) != 1 {
		t.Errorf("%v %d files, %+v", err, len(files), done)
	}
	if err := c.erp.Delete(t.Context(), "File", files[0].Name); err != nil {
		t.Fatal(err)
	}
	if s := states(c.insist(t, "T1", seq(3).wire("taken-away", job, "photo", body{"upload": id, "kind": "other"}))); s != "rejected:not-found" {
		t.Errorf("a file that the office has deleted: %s", s)
	}
}
