package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
)

// get reads a page as somebody of the staff without scripts.
func get(t *testing.T, url string, headers ...string) (int, string) {
	t.Helper()
	header := map[string]string{"Accept": "text/html", hubtest.RoleHeader: "staff:ann"}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		header[name] = value
	}
	got := hubtest.Send(t, http.MethodGet, url, nil, header)
	return got.Status, strings.NewReplacer("\u00a0", " ", "&#43;", "+", "&#39;", "'").Replace(got.Body)
}

// order tells whether parts come one behind the other.
func order(body string, parts ...string) bool {
	for _, part := range parts {
		_, rest, found := strings.Cut(body, part)
		if !found {
			return false
		}
		body = rest
	}
	return true
}

func TestListsSayWhatTheMapShows(t *testing.T) {
	t.Parallel()
	base := newOffice().open(t, false, true)
	status, body := get(t, base+"/console/map")
	if status != http.StatusOK {
		t.Fatalf("the page answered %d: %s", status, body)
	}
	for _, want := range []string{
		`<html lang="fr">`, "Carte des techniciens", ">en mouvement<", "48 km/h", ">sans nouvelles récentes<", "il y a 5 min", "aucune position", "porte deux appareils",
		"En route · ", "(à 2,6 km)", "&lt;b&gt;Sonner&lt;/b&gt;", "Ève Modèle, 9 rang Fictif (lieu inconnu)", `data-lat="45.42" data-lon="-72.75"`, "/tiles/{z}/{x}/{y}",
		"© les contributeurs d'OpenStreetMap &lt;essai&gt;", `id="upstream" class="notice" hidden`, `<noscript>`, `<option>Tech Est</option><option>Tech Ouest</option>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, wrong := range []string{"Parti Ailleurs", "à personne", "45.1,", `data-lat="45.1"`, "ZgotmplZ", "no value"} {
		if strings.Contains(body, wrong) {
			t.Errorf("the page says %q", wrong)
		}
	}
	if !order(body, "Éloi Fictif", "Sans Appareil", "Zoé Inventée", "DJ-1", "DJ-2", "DJ-3") {
		t.Error("technicians are not by name, or work not by its hour with what is done behind")
	}
	if found := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script>`).FindString(body); found != "" {
		t.Errorf("the page's policy forbids %q", found)
	}
	if t.Failed() {
		t.Log(body)
	}
}

// TestWhatHeTurnedToLast is what he does, whatever he forgot to close before it.
func TestWhatHeTurnedToLast(t *testing.T) {
	t.Parallel()
	o := newOffice()
	now := time.Now()
	for i, v := range []agenda.Visit{
		{Status: "Paused", Subject: "Oubliée", EnRouteAt: now.Add(-5 * time.Hour), StartedAt: now.Add(-4 * time.Hour)}, {Status: "In Progress", Subject: "Sans heure"},
		{Status: "En Route", Subject: "La bonne", EnRouteAt: now.Add(-time.Minute)}, {Status: "Assigned", Subject: "La prochaine"},
	} {
		v.Job, v.Technician, v.From = "DJ-9"+string(rune('0'+i)), "TECH-3", now.Add(time.Duration(i-10)*time.Hour)
		o.visits = append(o.visits, v)
	}
	_, body := get(t, o.open(t, false, false)+"/console/map")
	if !regexp.MustCompile(`<span class="small">En route · [^<]* · La bonne</span>`).MatchString(body) {
		t.Errorf("the page: %s", body)
	}
}

func TestPageInEnglishForOneGroup(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.state, o.since = "silent", time.Date(2026, 11, 23, 19, 5, 0, 0, time.UTC)
	base := o.open(t, false, false)
	_, body := get(t, base+"/console/map?lang=en&group=Tech+Est")
	for _, want := range []string{
		`<html lang="en">`, "Éloi Fictif", "no recent news", "5 min ago", "Sans Appareil", `data-stream="/gps/stream?group=Tech+Est"`, `<option selected>Tech Est</option>`,
		`<p id="upstream" class="notice">Traccar has fallen silent. (since 2:05 p.m.)</p>`, "No map background", `data-tiles=""`, ">Done<",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(body, "Zoé") || strings.Contains(body, "DJ-1") || strings.Contains(body, "OpenStreetMap") {
		t.Error("the page shows what is not the group's, or whose tiles it does not show")
	}
	if _, body := get(t, base+"/console/map?group=%22%3E%3Cscript%3E"); strings.Contains(body, "><script>") || !strings.Contains(body, "Aucun technicien à montrer") {
		t.Error("a group that is none is shown as it came, or shows somebody")
	}
}

// TestPageWithoutERPNext shows who is on the road although nobody knows who works.
func TestPageWithoutERPNext(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.technicians, o.visits, o.asOf, o.state = nil, nil, time.Time{}, "something new"
	base := o.open(t, false, true)
	_, body := get(t, base+"/console/map")
	if !strings.Contains(body, "Zoé Inventée") || !strings.Contains(body, "ERPNext n’a pas encore répondu") || strings.Contains(body, "Aucun travail") || !strings.Contains(body, "Le hub ne reçoit plus de positions.") {
		t.Errorf("the page: %s", body)
	}
	o.change(func() { o.fixes, o.asOf = nil, time.Now() })
	if _, body := get(t, base+"/console/map"); !strings.Contains(body, "Aucun technicien à montrer.") || !strings.Contains(body, "Aucun travail aujourd’hui.") {
		t.Errorf("with nobody: %s", body)
	}
}

func TestPageWithoutASource(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.off, o.fixes = true, nil
	_, body := get(t, o.open(t, false, false)+"/console/map")
	if !strings.Contains(body, `class="notice">Aucune source de positions`) || !strings.Contains(body, `data-stream=""`) || !strings.Contains(body, "DJ-1") {
		t.Errorf("the page: %s", body)
	}
}

func TestPageIsForStaff(t *testing.T) {
	t.Parallel()
	base := newOffice().open(t, false, true)
	for _, who := range []string{"", "technician:TECH-1", "customer:C-1", "service:cron"} {
		if status, body := get(t, base+"/console/map", hubtest.RoleHeader+": "+who); status != http.StatusUnauthorized && status != http.StatusForbidden || strings.Contains(body, "Zoé") {
			t.Errorf("%q got %d", who, status)
		}
	}
	got := hubtest.Send(t, http.MethodGet, base+"/console/map", nil, map[string]string{hubtest.RoleHeader: "staff:ann"})
	if got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("a browser may keep the page: %q", got.Header.Get("Cache-Control"))
	}
}
