package paper_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/field/day"
	"gigafibre.ca/targo-hub/hub/field/paper"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func someJobs() []day.Job {
	at := time.Date(2026, 11, 23, 13, 20, 0, 0, time.UTC)
	first := day.Job{
		Name: "DJ-1", Modified: "2026-11-23 08:00:00.000000", When: day.Today, NextUp: true, Role: "lead", Subject: "Installation fibre, 500 Mbit/s",
		Description: "Passer la fibre par le sous-sol.\nLe routeur est dans le camion.", JobType: "Installation", Priority: "high", Status: "Assigned", Steps: []string{"En Route", "In Progress"},
		Date: "2026-11-23", Start: "08:30", End: "10:30", DurationH: 2,
		Customer: day.Customer{Name: "C-1", Full: "Ève Tremblay"},
		Place:    day.Place{Name: "LOC-1", Address: "12, rang du Lac, Saint-Exemple", Directions: "https://maps.example.com/?to=46.1,-72.2", Connection: "FTTH", AccessNotes: "Code 0000, clé sous le pot"},
		Contact:  &day.Contact{Name: "Ève", Phone: "+14185550134", Shown: "418 555-0134", Of: "place"},
		Team:     []day.Person{{Technician: "TECH-1", Name: "Léo Gagné", Lead: true}, {Technician: "TECH-2", Name: "Mia Roy"}},
		Pinned:   []day.Note{{Text: "Chien dans la cour: <b>sonner</b> d'abord", Of: "job"}},
		Notes:    []day.Note{{Text: "Client averti hier", Of: "technician", By: "Léo Gagné", At: &at}},
		Tags:     []day.Tag{{Tag: "fibre"}},
		Checklist: day.Checklist{Missing: 2, Items: []day.Item{
			{Label: "Puissance mesurée (dBm)", Required: true, Type: "number"}, {Label: "Câble fixé", Required: true, Type: "check"},
			{Label: "Prise", Type: "select", Choices: []string{"Salon", "Bureau"}}, {Label: "Photo de l'ONT", Type: "photo"},
		}},
		Devices:   []day.Device{{Name: "EQP-00007", Type: "Router", Brand: "Nordlys", Model: "R2", Serial: "NR2000123", MAC: "00:11:22:33:44:55"}},
		Materials: []day.Material{{Item: "CABLE-SC", Title: "Câble SC/APC 20 m", Qty: 1, UOM: "Nos"}},
		Photos:    []day.Photo{{Row: "PH-1", Kind: "before", Caption: "Façade", TakenAt: &at}},
	}
	second := day.Job{Name: "DJ-2", Modified: "m", When: day.Today, Role: "lead", Late: true, Subject: "Panne: pas d'Internet", JobType: "Repair", Priority: "urgent", Status: "Scheduled", Steps: []string{"En Route"}, Date: "2026-11-22", Start: "13:00", Customer: day.Customer{Full: "Aline Roy"}, Place: day.Place{Address: "9, rue Basse, Saint-Exemple"}}
	third := day.Job{Name: "DJ-3", Modified: "m", When: day.Upcoming, Role: "assistant", Subject: "Retrait d'équipement", JobType: "Removal", Status: "Assigned", NeedsReason: true, Date: "2026-11-24", Customer: day.Customer{Full: "Garage Exemple inc."}, Place: day.Place{Address: "100, rue Haute"}}
	fourth := day.Job{Name: "DJ-4", Modified: "m", When: day.Done, Role: "lead", Subject: "Relevé de site", JobType: "Survey", Status: "Completed", Date: "2026-11-23", Start: "07:30", Customer: day.Customer{Full: "Jean Morin"}}
	return []day.Job{first, second, third, fourth}
}

func someDevice(_ context.Context, serial string) (paper.Device, error) {
	return paper.Device{Serial: serial, Cards: []paper.Card{
		{Name: "equipment", Status: "ok", Facts: []paper.Fact{{Key: "brand", Value: "Nordlys"}, {Key: "serial_number", Value: serial}, {Key: "wifi_password", Value: "<essai>"}}},
		{Name: "customer", Status: "stale", AsOf: time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC), Facts: []paper.Fact{{Key: "customer_name", Value: "Ève Tremblay"}}},
		{Name: "issues", Status: "empty"},
		{Name: "olt", Status: "error", Note: ""},
	}}, nil
}

// ask sends a request with a token in the cookie; lines are "Name: value".
func ask(t *testing.T, method, url, form string, lines ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept", "text/html")
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}
