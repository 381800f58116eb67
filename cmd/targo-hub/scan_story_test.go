package main

import (
	"fmt"
	"testing"
)

// TestPhoneScansWhatIsElsewhereAndWhatIsNew reads two labels with the network there:
// one of a device that another customer has, which is taken over only after the
// technician has said that he holds it, and one that nobody knows, which is created.
// Both are on the visit then, with their history.
func TestPhoneScansWhatIsElsewhereAndWhatIsNew(t *testing.T) {
	t.Parallel()
	p := newPhone(t, look{})
	w := newTown(t)
	s := w.newShift(t)
	h := w.start(t)
	other := w.put(t, "Customer", m{"customer_name": "Gil Ailleurs", "customer_type": "Individual"})
	place := w.put(t, "Service Location", m{"customer": other, "location_name": "Ailleurs", "address_line": "99 rang Inventé", "city": "Howick", "status": "Active"})
	taken := w.put(t, "Service Equipment", m{
		"equipment_type": "ONT", "brand": "Fibrelux", "model": "FX-2", "serial_number": "ZZTG0000B002", "status": "active", "customer": other, "service_location": place,
	})
	url, _ := h.techLink(t, s.technician, s.job, false)
	p.open(url)
	p.tap("#open-day")
	p.must("waiting for the day", p.page.WaitForURL("**/j/"))

	p.open(h.url + "/j/scan?job=" + s.job)
	p.ready()
	p.must("choosing the label", p.page.Locator("#scan-file").SetInputFiles(p.photo("taken.jpg", "ZZTG0000B002")))
	p.tap(".link-device")
	p.must("waiting for the question", p.page.Locator("#takeover[open]").WaitFor())
	p.picture("takeover")
	p.axe("takeover")
	if rows := p.onVisit(w, s); len(rows) != 0 {
		t.Errorf("the visit has devices before anybody said so: %v", rows)
	}
	p.tap("#takeover-yes")
	await(t, "the device is taken over", func() bool { return len(p.onVisit(w, s)) == 1 })

	p.must("choosing the label", p.page.Locator("#scan-file").SetInputFiles(p.photo("new.jpg", "ZZTG0000C003")))
	p.must("waiting for the form", p.page.Locator("form.create").WaitFor())
	if serial, err := p.page.Locator("form.create input[name=serial_number]").InputValue(); err != nil || serial != "ZZTG0000C003" {
		t.Errorf("the form holds the serial number %q, %v", serial, err)
	}
	p.fill("form.create input[name=brand]", "Fibrelux")
	p.fill("form.create input[name=model]", "FX-3")
	p.picture("create")
	p.axe("create")
	p.fits()
	p.tap("form.create button.create-device")
	await(t, "the new device is on the visit", func() bool { return len(p.onVisit(w, s)) == 2 })
	w.checkMoved(t, s, taken)
	p.quiet()
}

// onVisit is what the visit does to devices, as ERPNext has it.
func (p *phone) onVisit(w *town, s shift) []m {
	p.t.Helper()
	job, err := w.site.Doc("Dispatch Job", s.job)
	if err != nil {
		p.t.Fatal(err)
	}
	return rowsOf(job, "equipment_items")
}

// checkMoved asserts that the device is the customer's now, and where it came from.
func (w *town) checkMoved(t *testing.T, s shift, name string) {
	t.Helper()
	device, err := w.site.Doc("Service Equipment", name)
	if err != nil {
		t.Fatal(err)
	}
	moves := rowsOf(device, "move_log")
	if device["customer"] != s.customer || device["service_location"] != s.location || len(moves) == 0 || fmt.Sprint(moves[len(moves)-1]["dispatch_job"]) != s.job {
		t.Errorf("%s is %v's at %v, history %v", name, device["customer"], device["service_location"], moves)
	}
	// A number in the form of GPON is never a plain serial number.
	created := w.all(t, "Service Equipment", m{"gpon_serial": "ZZTG0000C003"})
	if len(created) != 1 || created[0]["model"] != "FX-3" || created[0]["customer"] != s.customer {
		t.Errorf("the new device is %v", created)
	}
}
