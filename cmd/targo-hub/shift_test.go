package main

import (
	"bytes"
	"image"
	"image/draw"
	"image/jpeg"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"testing"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code128"

	"gigafibre.ca/targo-hub/hub"
)

// shift is a technician's day in a town: visits at one customer's and at another's,
// a colleague, and a device in the van.
type shift struct {
	technician, colleague string
	job, next, others     string // two visits of the technician, one of the colleague
	customer, location    string
	equipment, serial     string // in the van
}

// newShift lays out a day for two technicians.
func (w *town) newShift(t *testing.T) shift {
	t.Helper()
	s := shift{technician: "TECH-A", colleague: "TECH-B", serial: "ZZTG0000A001"}
	for id, more := range map[string]m{
		s.technician: {"full_name": "Sylvie Poulin", "phone": "+15145550171", "email": "sylvie@example.com", "language": "fr"},
		s.colleague:  {"full_name": "Jon Dube", "phone": "+15145550172", "email": "jon@example.com", "language": "en"},
	} {
		more["technician_id"], more["status"], more["active"], more["resource_type"] = id, "available", 1, "human"
		w.put(t, "Dispatch Technician", more)
	}
	w.put(t, "Checklist Template", m{"template_name": "Réparation", "job_type": "Repair", "items": []any{
		m{"label": "Cause trouvée", "required": 1, "answer_type": "text"}, m{"label": "Lumière mesurée", "required": 0, "answer_type": "check"},
	}})
	s.customer = w.put(t, "Customer", m{"customer_name": "Zoé Inventée", "customer_type": "Individual", "language": "fr", "cell_phone": "514-555-0181"})
	s.location = w.put(t, "Service Location", m{
		"customer": s.customer, "location_name": "Domicile", "address_line": "7 rue Inventée", "city": "Granby", "province": "QC", "status": "Active",
		"latitude": 45.4, "longitude": -72.7, "access_notes": "Code 4471#, chien dans la cour", "contact_name": "Voisine", "contact_phone": "+14505550182",
	})
	s.equipment = w.put(t, "Service Equipment", m{
		"equipment_type": "ONT", "brand": "Fibrelux", "model": "FX-2", "serial_number": s.serial, "status": "inventory", "held_by_technician": s.technician,
	})
	s.job = s.visit(t, w, s.technician, m{"subject": "Plus d'Internet", "start_time": "08:00:00"})
	s.next = s.visit(t, w, s.technician, m{"subject": "Prise à déplacer", "start_time": "10:00:00"})
	s.others = s.visit(t, w, s.colleague, m{"subject": "Image figée", "start_time": "08:30:00"})
	return s
}

// visit is a job for today that somebody was told to do.
func (s shift) visit(t *testing.T, w *town, technician string, more m) string {
	t.Helper()
	job := m{
		"job_type": "Repair", "priority": "medium", "status": "Assigned", "published": 1, "assigned_tech": technician, "customer": s.customer,
		"service_location": s.location, "scheduled_date": time.Now().In(hub.Local()).Format(time.DateOnly), "duration_h": 1,
	}
	for k, v := range more {
		job[k] = v
	}
	return w.put(t, "Dispatch Job", job)
}

// techLink asks for the link of a technician to a job, and for an SMS when sent.
func (h *running) techLink(t *testing.T, technician, job string, sent bool) (url, token string) {
	t.Helper()
	var made struct{ URL, Token string }
	if status := h.call(t, http.MethodPost, "/otp/tech-link", m{"technician": technician, "job": job, "send": sent}, &made); status != http.StatusCreated {
		t.Fatalf("no link: %d", status)
	}
	return made.URL, made.Token
}

// textTo waits for the text that the hub holds for a number, and takes the link out.
func (h *running) textTo(t *testing.T, number string) (text, link string) {
	t.Helper()
	await(t, "an SMS is held", func() bool {
		var list struct {
			Items []struct{ To, Body string }
		}
		h.call(t, http.MethodGet, "/messages?channel=sms", nil, &list)
		for _, each := range list.Items {
			if each.To == number {
				text = each.Body
			}
		}
		return text != ""
	})
	if link = regexp.MustCompile(`https?://\S+/j/\S+`).FindString(text); link == "" {
		t.Fatalf("no link in %q", text)
	}
	return text, link
}

// pocket is a client that keeps cookies and follows no redirect, like a telephone
// whose every step is looked at.
func pocket(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// label is a photo of a sticker with a bar code.
func label(t *testing.T, text string) []byte {
	t.Helper()
	code, err := code128.Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	bars, err := barcode.Scale(code, 900, 240)
	if err != nil {
		t.Fatal(err)
	}
	sticker := image.NewRGBA(image.Rect(0, 0, 1100, 500))
	draw.Draw(sticker, sticker.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(sticker, image.Rect(100, 130, 1000, 370), bars, image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, sticker, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
