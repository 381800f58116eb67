package front

import (
	"hash/fnv"
	"net/http"

	"gigafibre.ca/targo-hub/hub/barcode/labelpress"
)

// label is the photo of a device's label, as a technician would take it.
func label(w http.ResponseWriter, r *http.Request) {
	serial := r.PathValue("serial")
	if !printable(serial) {
		http.NotFound(w, r)
		return
	}
	seed := fnv.New64a()
	_, _ = seed.Write([]byte(serial))
	photo := labelpress.Print(seed.Sum64(), labelpress.Order{Tier: labelpress.Rot, Formats: []string{labelpress.Code128}, Value: serial})
	w.Header().Set("Content-Type", "image/jpeg")
	_, _ = w.Write(photo.JPEG)
}

// printable tells whether a label can say it: letters and digits.
func printable(serial string) bool {
	for _, c := range serial {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return len(serial) >= 6 && len(serial) <= 24
}
