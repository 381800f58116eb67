package day

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// place is where the work order is: its own address and coordinates, else those of
// its location.
func place(r *row) Place {
	p := Place{
		Name: r.Location, Title: r.PlaceTitle, Address: r.Address, Lat: r.Latitude, Lon: r.Longitude, Connection: r.Connection,
		AccessNotes: strings.TrimSpace(r.AccessNotes),
	}
	if whole := (erpnext.ServiceLocation{AddressLine: r.Street, City: r.City, Province: r.Province, PostalCode: r.PostalCode}).Address(); r.Street != "" {
		p.Address = whole // a work order often has no more than the town
	}
	if p.Lat == 0 && p.Lon == 0 {
		p.Lat, p.Lon = r.PlaceLat, r.PlaceLon
	}
	spot := ""
	if p.Lat != 0 || p.Lon != 0 {
		spot = strconv.FormatFloat(p.Lat, 'f', -1, 64) + "," + strconv.FormatFloat(p.Lon, 'f', -1, 64)
		p.Geo = "geo:" + spot
	}
	if p.Address != "" {
		p.Geo = "geo:" + first(spot, "0,0") + "?q=" + url.QueryEscape(p.Address)
	}
	if to := first(spot, p.Address); to != "" {
		p.Directions = "https://www.google.com/maps/dir/?api=1&travelmode=driving&destination=" + url.QueryEscape(to)
	}
	return p
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// contact is whom to call: somebody at the place, else the customer.
func contact(r *row) *Contact {
	if phone, err := hub.ParsePhone(r.ContactPhone); err == nil {
		return &Contact{Name: first(r.ContactName, r.CustomerName), Phone: string(phone), Shown: phone.Local(), Of: "place"}
	}
	c := erpnext.Customer{CustomerName: r.CustomerName, CellPhone: r.CustomerCell, MobileNo: r.CustomerOther, TelHome: r.CustomerHome}.Contact()
	phone := c.Phone
	if phone == "" {
		phone = c.Voice
	}
	if phone == "" {
		return nil
	}
	return &Contact{Name: first(r.ContactName, r.CustomerName), Phone: string(phone), Shown: phone.Local(), Of: "customer"}
}

// pinned are the notes to read before anything else.
func pinned(r *row) []Note {
	out := []Note{}
	if text := strings.TrimSpace(r.Notes); text != "" {
		out = append(out, Note{Text: text, Of: "job"})
	}
	if text := strings.TrimSpace(r.CustomerNotes); text != "" {
		out = append(out, Note{Text: text, Of: "customer"})
	}
	return out
}

// ends is the time of day at which a visit is over; "" when nobody can say, or when
// it is past midnight.
func ends(start string, hours float64) string {
	at, err := time.Parse("15:04", clock(start))
	if err != nil || hours <= 0 {
		return ""
	}
	end := at.Add(time.Duration(hours * float64(time.Hour)))
	if end.Day() != at.Day() {
		return ""
	}
	return fmt.Sprintf("%02d:%02d", end.Hour(), end.Minute())
}

// markup is what ERPNext makes HTML of a text with.
var markup = regexp.MustCompile(`<[^>]*>`)
