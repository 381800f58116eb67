package rule

import (
	"strings"

	"gigafibre.ca/targo-hub/hub"
)

// Text is a sentence in both languages. {name} is the document, {first} the first
// of the others that it is about, {with} all of them.
type Text struct{ FR, EN string }

// In writes the sentence about a finding.
func (t Text) In(lang hub.Lang, name string, with []string) string {
	text, first := t.FR, ""
	if lang == hub.English {
		text = t.EN
	}
	if len(with) > 0 {
		first = with[0]
	}
	return strings.NewReplacer("{name}", name, "{first}", first, "{with}", strings.Join(with, ", ")).Replace(text)
}

// Words say what is wrong, what the repair does, and what a person does where
// there is none.
type Words struct{ Is, Mend, Human Text }

// WordsOf are the words of a check.
func WordsOf(check string) Words {
	w := sentences[check]
	if w.Mend == (Text{}) {
		w.Mend = w.Human
	}
	return w
}

var resumed = Text{
	"Reprendre ce qui suit la signature : la demande, les travaux, l'abonnement.",
	"Resume what follows the signature: the issue, the jobs, the subscription.",
}

var unresumed = Text{
	"Le service a déjà commencé, ou le hub n'a pas la signature : créer à la main ce qui manque, ou fermer le contrat.",
	"The service has begun, or the hub does not have the signature: create by hand what is missing, or close the contract.",
}

// sentences never change.
var sentences = map[string]Words{
	"contract-without-issue": {
		Text{"Le contrat {name} est signé, mais n'a aucune demande.", "Contract {name} is signed and has no issue."}, resumed, unresumed},
	"contract-without-jobs": {
		Text{"Le contrat {name} est signé et n'a aucun travail : personne n'ira l'installer.", "Contract {name} is signed and has no job: nobody will install it."},
		resumed, unresumed},
	"contract-without-subscription": {
		Text{"Le contrat {name} est signé et n'a aucun abonnement : rien ne sera facturé.", "Contract {name} is signed and has no subscription: nothing will be billed."},
		Text{"Lier l'abonnement qui attend à l'adresse; à défaut, reprendre ce qui suit la signature.",
			"Link the subscription that waits at the address; where there is none, resume what follows the signature."},
		Text{"Lier l'abonnement qui est celui du contrat, en créer un, ou fermer le contrat.",
			"Link the subscription that is the contract's, create one, or close the contract."}},
	"contract-subscription-dangling": {
		Text{"Le contrat {name} nomme l'abonnement {first}, qui n'existe pas.", "Contract {name} names subscription {first}, which does not exist."},
		Text{"Nommer l'abonnement qui se réclame du contrat; à défaut, en créer un.", "Name the subscription that claims the contract; create one when there is none."},
		Text{"Choisir l'abonnement du contrat et l'inscrire.", "Choose the contract's subscription and enter it."}},
	"contract-link-missing": {
		Text{"Le contrat {name} ne nomme pas son abonnement ({with}).", "Contract {name} does not name its subscription ({with})."},
		Text{"Inscrire {first} sur le contrat.", "Enter {first} on the contract."},
		Text{"Plusieurs abonnements se réclament du contrat : choisir lequel est le sien.", "Several subscriptions claim the contract: choose which is its own."}},
	"links-disagree": {
		Is:    Text{"Le contrat {name} nomme l'abonnement {first}, qui est celui d'un autre ({with}).", "Contract {name} names subscription {first}, which is another's ({with})."},
		Human: Text{"Décider à quel contrat et à quel client l'abonnement appartient.", "Decide to which contract and customer the subscription belongs."}},
	"contract-outlives-subscription": {
		Is:    Text{"L'abonnement {first} du contrat {name} est annulé, le contrat ne l'est pas.", "Subscription {first} of contract {name} is cancelled, the contract is not."},
		Human: Text{"Résilier le contrat, ou lui donner un nouvel abonnement.", "Terminate the contract, or give it a new subscription."}},
	"termination-unbilled": {
		Is:    Text{"Le contrat {name} est résilié avec des frais de {first} $, sans facture.", "Contract {name} was terminated with a fee of ${first}, and no invoice."},
		Human: Text{"Reprendre la résiliation, ou mettre les frais à zéro si l'on y renonce.", "Resume the termination, or set the fee to zero if it is waived."}},

	"subscription-contract-dangling": {
		Text{"L'abonnement {name} nomme le contrat {first}, qui n'existe pas.", "Subscription {name} names contract {first}, which does not exist."},
		Text{"Inscrire le contrat qui nomme cet abonnement.", "Enter the contract that names this subscription."},
		Text{"Retrouver le contrat du client et l'inscrire, ou vider le champ.", "Find the customer's contract and enter it, or empty the field."}},
	"subscription-without-contract": {
		Text{"L'abonnement {name} n'a pas de contrat.", "Subscription {name} has no contract."},
		Text{"Inscrire le contrat {first}, qui nomme cet abonnement.", "Enter contract {first}, which names this subscription."},
		Text{"Retrouver le contrat du client et l'inscrire, ou en faire signer un.", "Find the customer's contract and enter it, or have one signed."}},
	"subscription-outlives-contract": {
		Text{"Le contrat {first} est terminé, l'abonnement {name} ne l'est pas.", "Contract {first} has ended, subscription {name} has not."},
		Text{"Annuler l'abonnement à la date de fin du contrat, ou le rattacher au contrat qui le poursuit.", "Cancel the subscription as of the contract's end, or give it to the contract that goes on with it."},
		Text{"Décider si le service a encore lieu d'être, puis l'activer ou l'annuler.", "Decide whether the service is still wanted, then activate or cancel it."}},
	"subscription-without-start": {
		Text{"L'abonnement {name} est actif et n'a pas de date de début.", "Subscription {name} is active and has no start date."},
		Text{"Inscrire le lendemain de la fin du travail {first}.", "Enter the day after job {first} was finished."},
		Text{"Trouver depuis quand le client a le service et inscrire cette date.", "Find out since when the customer has had the service, and enter that day."}},
	"subscription-without-location": {
		Text{"L'abonnement {name} est actif et n'a pas d'adresse de service.", "Subscription {name} is active and has no service location."},
		Text{"Inscrire l'adresse du contrat {first}.", "Enter the location of contract {first}."},
		Text{"Trouver où le service est donné et inscrire cette adresse.", "Find out where the service is given, and enter that location."}},
	"subscriptions-pending-twice": {
		Is:    Text{"Plusieurs abonnements attendent à la même adresse : {name}, {with}.", "Several subscriptions wait at one address: {name}, {with}."},
		Human: Text{"Annuler celui qui est de trop; si tous sont voulus, vérifier que chacun a son contrat.", "Cancel the one too many; if all are wanted, check that each has its contract."}},

	"activation-missed": {
		Text{"Les travaux sont finis (dernier : {first}) et l'abonnement {name} attend encore : rien n'est facturé.", "The work is done (last: {first}) and subscription {name} still waits: nothing is billed."},
		Text{"Activer le service depuis le lendemain des travaux.", "Activate the service from the day after the work."},
		Text{"Trop ancien, ou une partie des travaux est annulée : décider de la date de début et de ce qui se facture.", "Too long ago, or a part of the work was called off: decide on the start date and on what is billed."}},
	"installation-abandoned": {
		Is:    Text{"Tous les travaux sont annulés et l'abonnement {name} attend encore.", "All of the work was called off and subscription {name} still waits."},
		Human: Text{"Résilier le contrat, ou replanifier l'installation.", "Terminate the contract, or plan the installation anew."}},
	"activation-unbilled": {
		Text{"L'abonnement {name} a commencé le {first} et aucune facture n'en porte le prorata.", "Subscription {name} began on {first} and no invoice has its part of the month."},
		Text{"Préparer le brouillon de la facture.", "Draw up the draft of the invoice."},
		Text{"Préparer la facture du prorata à la main.", "Draw up the invoice of that part by hand."}},
	"activation-unfinished": {
		Text{"L'abonnement {name} est actif et son contrat {first} est encore « Signé ».", "Subscription {name} is active and its contract {first} is still “Signé”."},
		Text{"Terminer l'activation : statut et dates du contrat.", "Finish the activation: status and dates of the contract."},
		Text{"Mettre le contrat « Actif » et inscrire ses dates.", "Make the contract “Actif” and enter its dates."}},

	"job-without-date": {
		Text{"Le travail {name} n'a pas de date : aucun tableau ne le montre.", "Job {name} has no date: no board shows it."},
		Text{"Mettre le travail à aujourd'hui.", "Put the job on today."}, Text{"Donner une date au travail.", "Give the job a date."}},
	"job-hold-ready": {
		Text{"Le travail {name} attend encore, alors que ce qui le précède est fini : {with}.", "Job {name} still waits, although what comes before it is done: {with}."},
		Text{"Libérer le travail.", "Release the job."}, Text{"Libérer le travail à la main.", "Release the job by hand."}},
	"job-hold-stuck": {
		Is:    Text{"Le travail {name} attend ce qui est annulé ou n'existe plus : {with}.", "Job {name} waits for what is cancelled or gone: {with}."},
		Human: Text{"Libérer le travail, ou l'annuler aussi.", "Release the job, or cancel it too."}},
	"job-ahead": {
		Text{"Le travail {name} peut être pris avant son tour. Reste à faire : {with}.", "Job {name} can be taken before its turn. Still to be done: {with}."},
		Text{"Mettre le travail en attente.", "Put the job on hold."},
		Text{"Quelqu'un a déjà le travail : voir s'il peut se faire maintenant.", "Somebody has the job already: see whether it can be done now."}},
	"job-cycle": {
		Is:    Text{"Les travaux {name} et {with} s'attendent l'un l'autre.", "Jobs {name} and {with} wait for each other."},
		Human: Text{"Enlever une des dépendances.", "Take one of the dependencies away."}},
	"job-outlives-contract": {
		Is:    Text{"Le contrat {first} est résilié et le travail {name} est encore prévu.", "Contract {first} was terminated and job {name} is still planned."},
		Human: Text{"Annuler le travail, ou le changer en retrait d'équipement.", "Cancel the job, or make it a removal."}},

	"issue-left-open": {
		Text{"Les travaux de la demande {name} sont finis, elle est encore ouverte.", "The jobs of issue {name} are done, it is still open."},
		Text{"Fermer la demande.", "Close the issue."},
		Text{"Quelqu'un y a écrit depuis la fin des travaux : lire la demande avant de la fermer.", "Somebody wrote to the issue after the work was done: read it before closing it."}},
	"equipment-without-place": {
		Text{"L'équipement {name} est actif sans client ou sans adresse.", "Equipment {name} is active without a customer or a location."},
		Text{"Inscrire le client et l'adresse de l'abonnement {first}.", "Enter the customer and the location of subscription {first}."},
		Text{"Trouver chez qui est l'équipement, ou le remettre en inventaire.", "Find out at whose place the equipment is, or put it back into the inventory."}},
	"equipment-of-cancelled": {
		Is:    Text{"L'équipement {name} est actif, son abonnement {first} est annulé.", "Equipment {name} is active, its subscription {first} is cancelled."},
		Human: Text{"Planifier le retrait de l'équipement, puis inscrire son retour.", "Plan the removal of the equipment, then enter its return."}},
}
