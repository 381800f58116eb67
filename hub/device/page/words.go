package page

import (
	"context"
	"errors"

	"gigafibre.ca/targo-hub/hub"
)

// word is a sentence of a card.
type word struct{ fr, en string }

var (
	wordAway    = word{"La source ne répond pas pour l'instant.", "The source does not answer for now."}
	wordLate    = word{"La source n'a pas répondu à temps.", "The source did not answer in time."}
	wordStale   = word{"Dernier état connu : la source ne répond pas.", "Last known state: the source does not answer."}
	wordUnbound = word{"L'appareil n'est rattaché à aucun client ni à aucun lieu.", "The device belongs to no customer and to no place."}
	wordNobody  = word{"Aucun client.", "No customer."}
	wordNowhere = word{"Aucun lieu de service.", "No service location."}
	wordNoPlan  = word{"Aucun abonnement.", "No subscription."}
	wordCalm    = word{"Aucune demande ouverte.", "No open issue."}
	wordFree    = word{"Aucun bon de travail à venir.", "No work order to come."}
	wordNoLine  = word{"L'état de la ligne n'est pas encore branché.", "The state of the line is not connected yet."}
	wordNoONU   = word{"Aucune donnée de ligne pour cet appareil.", "There is nothing about the line of this device."}
	wordHidden  = word{"Réservé à la visite chez ce client.", "For a visit at this customer only."}
	wordUnsure  = word{"Vos visites ne peuvent pas être lues pour l'instant.", "Your visits cannot be read for now."}
	wordNoWifi  = word{"Le Wi-Fi ne peut pas être lu pour l'instant.", "The Wi-Fi cannot be read for now."}
)

func (w word) in(lang hub.Lang) string {
	if lang == hub.English {
		return w.en
	}
	return w.fr
}

// why says why a source brought nothing.
func why(err error) word {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || hub.IsKind(err, hub.Timeout) {
		return wordLate
	}
	return wordAway
}
