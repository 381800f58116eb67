package town

import "slices"

// The states that the town's quotations are in.
const (
	Draft     = "Draft"
	Open      = "Open"
	Expired   = "Expired"
	Lost      = "Lost"
	Ordered   = "Ordered"
	Cancelled = "Cancelled"
	Accepted  = "Accepted" // signed before; ERPNext calls it Open
)

// Offer is a quotation of the town.
type Offer struct {
	Kind     string // Residential, Commercial or Project
	State    string
	Name     string // once it exists
	customer int    // place in the town
	codes    string // what is offered
	steps    []step
}

// step is a row of the order wizard.
type step struct {
	ID        string   `json:"id"`
	Label     string   `json:"label"`
	JobType   string   `json:"job_type"`
	Group     string   `json:"group"`
	DurationH float64  `json:"duration_h"`
	Tags      []string `json:"tags,omitempty"`
	DependsOn []string `json:"depends_on"`
	Offset    int      `json:"offset_days"`
}

// The kinds of quotations, as ERPNext writes them.
const (
	Residential = "Résidentiel"
	Commercial  = "Commercial"
	Project     = "Projet"
)

// Offers are every kind in every state, most of them open: those are what a
// newcomer signs.
func Offers() []Offer {
	list := []Offer{
		{customer: 0, Kind: Residential, State: Open, codes: "FIBRE-50 INSTALL"},
		{customer: 1, Kind: Residential, State: Open, codes: "FIBRE-500 TV-BASE INSTALL"},
		{customer: 2, Kind: Residential, State: Open, codes: "FIBRE-500 TEL-RES INSTALL ROUTEUR"},
		{customer: 4, Kind: Residential, State: Open, codes: "FIBRE-1000 TV-PLUS TEL-RES INSTALL ROUTEUR"},
		{customer: 5, Kind: Residential, State: Open, codes: "FIBRE-1000 DOMAINE INSTALL-S"},
		{customer: 6, Kind: Residential, State: Open, codes: "TEL-RES", steps: chain()},
		{customer: 8, Kind: Residential, State: Draft, codes: "FIBRE-50"},
		{customer: 9, Kind: Residential, State: Draft, codes: "FIBRE-500 INSTALL"},
		{customer: 20, Kind: Residential, State: Open, codes: "FIBRE-50 INSTALL-S"},
		{customer: 29, Kind: Residential, State: Open, codes: "FIBRE-50 INSTALL-S"},
		{customer: 3, Kind: Commercial, State: Open, codes: "FIBRE-AFF IP-FIXE TEL-AFF INSTALL"},
		{customer: 11, Kind: Commercial, State: Open, codes: "FIBRE-AFF ENTRETIEN INSTALL"},
		{customer: 27, Kind: Commercial, State: Open, codes: "FIBRE-AFF TEL-AFF DOMAINE INSTALL"},
		{customer: 35, Kind: Commercial, State: Open, codes: "FIBRE-AFF INSTALL ROUTEUR"},
		{customer: 19, Kind: Commercial, State: Open, codes: "FIBRE-1000 TEL-AFF INSTALL-S ROUTEUR"},
		{customer: 3, Kind: Commercial, State: Open, codes: "ENTRETIEN DOMAINE INSTALL-S"},
		{customer: 11, Kind: Commercial, State: Open, codes: "TEL-AFF IP-FIXE INSTALL-S"},
		{customer: 27, Kind: Commercial, State: Open, codes: "FIBRE-500 TV-BASE INSTALL"},
		{customer: 35, Kind: Commercial, State: Open, codes: "FIBRE-AFF IP-FIXE ENTRETIEN INSTALL ROUTEUR"},
		{customer: 19, Kind: Commercial, State: Open, codes: "FIBRE-AFF TV-PLUS INSTALL", steps: chain()},
		{customer: 19, Kind: Commercial, State: Draft, codes: "FIBRE-AFF DOMAINE"},
		{customer: 27, Kind: Project, State: Open, codes: "CONSTRUCTION FIBRE-AFF IP-FIXE", steps: diamond()},
		{customer: 35, Kind: Project, State: Open, codes: "CONSTRUCTION FIBRE-AFF ENTRETIEN", steps: chain()},
		{customer: 3, Kind: Project, State: Draft, codes: "CONSTRUCTION"},
	}
	for i, kind := range []string{Residential, Commercial, Project} {
		for j, state := range []string{Expired, Lost, Ordered, Cancelled, Accepted} {
			codes := map[string]string{Residential: "FIBRE-500 INSTALL", Commercial: "FIBRE-AFF INSTALL", Project: "CONSTRUCTION FIBRE-AFF"}[kind]
			who := 12 + j
			if i > 0 {
				who = []int{3, 11, 19, 27, 35}[(i+j)%5]
			}
			list = append(list, Offer{customer: who, Kind: kind, State: state, codes: codes})
		}
	}
	return list
}

// chain is three steps, one after the other.
func chain() []step {
	return []step{
		{ID: "visite", Label: "Visite et mesures", JobType: "Survey", Group: "Installation", DurationH: 1, DependsOn: []string{}},
		{ID: "branchement", Label: "Branchement extérieur", JobType: "Installation", Group: "Fibre", DurationH: 3, Tags: []string{"Fusion"}, DependsOn: []string{"visite"}, Offset: 2},
		{ID: "mise-en-service", Label: "Mise en service", JobType: "Installation", Group: "Support", DurationH: 1, DependsOn: []string{"branchement"}, Offset: 3},
	}
}

// diamond is four steps, of which two run side by side and one waits for both.
func diamond() []step {
	return []step{
		{ID: "etude", Label: "Étude du tracé", JobType: "Survey", Group: "Réseau", DurationH: 4, DependsOn: []string{}},
		{ID: "poteaux", Label: "Pose sur poteaux", JobType: "Installation", Group: "Fibre", DurationH: 8, Tags: []string{"Travail en hauteur"}, DependsOn: []string{"etude"}, Offset: 7},
		{ID: "salle", Label: "Préparation de la salle technique", JobType: "Installation", Group: "Installation", DurationH: 4, DependsOn: []string{"etude"}, Offset: 7},
		{ID: "activation", Label: "Raccordement et activation", JobType: "Installation", Group: "Réseau", DurationH: 2, DependsOn: []string{"poteaux", "salle"}, Offset: 14},
	}
}

// Open names the open quotations of some kinds, in the order of their making.
func (t *Town) Open(kinds ...string) []string {
	var names []string
	for _, o := range t.quotes {
		if o.State == Open && slices.Contains(kinds, o.Kind) {
			names = append(names, o.Name)
		}
	}
	return names
}
