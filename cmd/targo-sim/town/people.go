package town

import (
	"strings"

	"gigafibre.ca/targo-hub/cmd/targo-sim/town/streets"
)

// pretty writes +14505550101 as people in Quebec do: (450) 555-0101.
func pretty(number string) string {
	n := strings.TrimPrefix(number, "+1")
	return "(" + n[:3] + ") " + n[3:6] + "-" + n[6:]
}

func mailOf(name string) string {
	plain := strings.NewReplacer("é", "e", "è", "e", "ê", "e", "ë", "e", "î", "i", "ï", "i", "ô", "o", "ç", "c", "à", "a", "É", "e",
		" ", ".", "'", "", "&", "et", "-", "").Replace(strings.ToLower(name))
	domain := "@example.com"
	if len(plain)%2 == 0 {
		domain = "@example.ca"
	}
	return plain + domain
}

func first(i int) string {
	names := strings.Fields("Amélie Benoît Camille Denis Élise Francis Geneviève Hugo Isabelle Julien Karine Louis Maude Nicolas " +
		"Océane Philippe Rosalie Samuel Thérèse Vincent William Yvette Zoé Emma")
	return names[i%len(names)]
}

func last(i int) string {
	names := strings.Fields("Tremblay Gagnon Roy Côté Bouchard Gauthier Morin Lavoie Fortin Ouellet Pelletier Bélanger Lévesque Bergeron " +
		"Leblanc Paquette Girard Simard Boucher")
	return names[(i*5+i/19)%len(names)]
}

func businesses() []string {
	return []string{"Ferme du Ruisseau Clair", "Garage Beauséjour", "Boulangerie La Miche d'Or", "Clinique du Boisé", "Érablière du Grand Rang"}
}

func streetNames() []string {
	return []string{"rue Principale", "rang des Érables", "chemin de la Rivière", "rue des Pins", "montée du Moulin", "rue de l'Église"}
}

// Streets are those of all places. The first six lie within a day's work of each
// other and are joined by roads.
func Streets() *streets.Map {
	var at []streets.Point
	for _, p := range places() {
		at = append(at, streets.Point{Lat: p.lat, Lon: p.lon})
	}
	return streets.Lay(at, [][2]int{{0, 1}, {1, 3}, {3, 4}, {4, 2}, {0, 5}, {1, 4}})
}

// Names are what the places are called, and where they are.
func Names() map[string]streets.Point {
	names := map[string]streets.Point{}
	for _, p := range places() {
		names[p.city] = streets.Point{Lat: p.lat, Lon: p.lon}
	}
	return names
}

func places() []place {
	return []place{
		{"Huntingdon", "J0S 1H0", 45.0853, -74.1722, "450"}, {"Ormstown", "J0S 1K0", 45.1253, -73.9989, "450"},
		{"Hemmingford", "J0L 1H0", 45.0497, -73.5867, "450"}, {"Howick", "J0S 1G0", 45.1853, -73.8500, "450"},
		{"Saint-Chrysostome", "J0S 1R0", 45.1011, -73.7664, "450"}, {"Saint-Anicet", "J0S 1M0", 45.1403, -74.3544, "450"},
		{"Rimouski", "G5L 1A1", 48.4489, -68.5239, "418"}, {"Drummondville", "J2B 1A1", 45.8803, -72.4843, "819"},
	}
}
