package plan

import (
	"gigafibre.ca/targo-hub/erpnext"
)

// Template returns the steps of a template in working order; an unknown or
// empty name gives the fibre installation.
func Template(name string) []Step {
	all := templates()
	if steps, ok := all[name]; ok {
		return steps
	}
	return all[erpnext.InstallFiber]
}

// templates are made anew at each call, so that nobody can change them.
func templates() map[string][]Step {
	return map[string][]Step{
		erpnext.InstallFiber: {
			{ID: "network", Label: "Préparation du réseau", JobType: "Installation", Group: "Réseau", DurationH: 0.5},
			{ID: "drop", Label: "Branchement extérieur et fusion", JobType: "Installation", Group: "Fibre", DurationH: 2, DependsOn: []string{"network"}, OffsetDays: 1},
			{ID: "indoor", Label: "Installation intérieure et lecture de l'ONT", JobType: "Installation", Group: "Installation", DurationH: 1.5, DependsOn: []string{"drop"}, OffsetDays: 2},
			{ID: "activation", Label: "Activation et appel au client", JobType: "Installation", Group: "Support", DurationH: 0.5, DependsOn: []string{"indoor"}, OffsetDays: 2},
		},
		erpnext.InstallPhone: {
			{ID: "number", Label: "Attribution ou transfert du numéro", JobType: "Telephony", Group: "Support", DurationH: 0.5},
			{ID: "phone", Label: "Installation du téléphone IP", JobType: "Telephony", Group: "Installation", DurationH: 1, DependsOn: []string{"number"}, OffsetDays: 1},
		},
		erpnext.InstallMove: {
			{ID: "remove", Label: "Retrait à l'ancienne adresse", JobType: "Removal", Group: "Installation", DurationH: 0.5},
			{ID: "drop", Label: "Branchement à la nouvelle adresse", JobType: "Move", Group: "Fibre", DurationH: 2, OffsetDays: 1},
			{ID: "indoor", Label: "Réinstallation intérieure", JobType: "Move", Group: "Installation", DurationH: 1.5, DependsOn: []string{"remove", "drop"}, OffsetDays: 1},
		},
		erpnext.InstallRepair: {
			{ID: "diagnose", Label: "Diagnostic à distance", JobType: "Repair", Group: "Support", DurationH: 0.5},
			{ID: "repair", Label: "Réparation sur place", JobType: "Repair", Group: "Installation", DurationH: 1.5, DependsOn: []string{"diagnose"}, OffsetDays: 1},
		},
		erpnext.InstallSingle: {
			{ID: "only", Label: "Essai : une tâche", JobType: "Installation", Group: "Support", DurationH: 0.5},
		},
		erpnext.InstallParallel: {
			{ID: "first", Label: "Essai : première tâche", JobType: "Installation", Group: "Support", DurationH: 0.5},
			{ID: "left", Label: "Essai : tâche de gauche", JobType: "Installation", Group: "Fibre", DurationH: 0.5, DependsOn: []string{"first"}},
			{ID: "right", Label: "Essai : tâche de droite", JobType: "Installation", Group: "Réseau", DurationH: 0.5, DependsOn: []string{"first"}},
		},
	}
}
