package twilio

import "gigafibre.ca/targo-hub/hub"

// Class groups Twilio's error codes by whose move it is.
type Class string

// The classes.
const (
	ClassRecipient Class = "recipient" // this number cannot be reached by SMS
	ClassOptedOut  Class = "opted-out" // the recipient said STOP; only START from him changes that
	ClassSender    Class = "sender"    // our number or its registration
	ClassAccount   Class = "account"   // our credentials or account
	ClassContent   Class = "content"   // the text
	ClassCarrier   Class = "carrier"   // filtered or lost on the way
	ClassLoad      Class = "load"      // too much at once
	ClassOther     Class = "other"     // a code that is not in the table
)

// Cause is what an error code means, at once (HTTP) or later (status callback).
type Cause struct {
	Code      int
	Class     Class
	Temporary bool // the same message may pass later
	fr, en    string
}

// Reason is one clause in plain words.
func (c Cause) Reason(lang hub.Lang) string {
	if lang == hub.English {
		return c.en
	}
	return c.fr
}

// CauseOf looks a code up. Of codes that are not in the table it says so.
func CauseOf(code int) Cause {
	for _, c := range causes {
		if c.Code == code {
			return c
		}
	}
	c := fallback(code)
	c.Code = code
	return c
}

// fallback explains a code that is not in the table by the family it is of.
func fallback(code int) Cause {
	switch code / 1000 {
	case 20:
		return Cause{Class: ClassAccount, fr: "Twilio a refusé le message", en: "Twilio refused the message"}
	case 30:
		return Cause{Class: ClassCarrier, fr: "le message n'a pas été livré", en: "the message was not delivered"}
	default:
		return Cause{Class: ClassOther, fr: "Twilio a refusé le message", en: "Twilio refused the message"}
	}
}

var causes = [...]Cause{
	{20003, ClassAccount, false, "les identifiants Twilio sont refusés", "the Twilio credentials are refused"},
	{20404, ClassAccount, false, "le compte ou la ressource n'existe pas chez Twilio", "the account or resource does not exist at Twilio"},
	{20429, ClassLoad, true, "trop de demandes à la fois", "too many requests at once"},

	{21211, ClassRecipient, false, "le numéro du destinataire n'est pas valide", "the recipient's number is not valid"},
	{21212, ClassSender, false, "le numéro de l'expéditeur n'est pas valide", "the sender's number is not valid"},
	{21266, ClassRecipient, false, "l'expéditeur et le destinataire sont le même numéro", "sender and recipient are the same number"},
	{21401, ClassSender, false, "le numéro de l'expéditeur ne peut pas envoyer de SMS", "the sender's number cannot send SMS"},
	{21408, ClassAccount, false, "l'envoi vers ce pays n'est pas permis par le compte", "the account may not send to this country"},
	{21601, ClassSender, false, "le numéro de l'expéditeur n'est pas un numéro de messagerie du compte", "the sender's number is not a messaging number of the account"},
	{21606, ClassSender, false, "le numéro de l'expéditeur ne peut pas envoyer de SMS", "the sender's number cannot send SMS"},
	{21609, ClassAccount, false, "l'adresse de suivi (status callback) n'est pas valide", "the status callback address is not valid"},
	{21610, ClassOptedOut, false, "le destinataire s'est désabonné (STOP)", "the recipient has opted out (STOP)"},
	{21611, ClassLoad, true, "la file d'attente de l'expéditeur est pleine", "the sender's queue is full"},
	{21612, ClassRecipient, false, "aucune route vers ce numéro", "this number cannot be routed to"},
	{21614, ClassRecipient, false, "le numéro n'est pas un mobile", "the number is not a mobile one"},
	{21617, ClassContent, false, "le texte est trop long", "the text is too long"},
	{21659, ClassSender, false, "l'expéditeur n'est pas un numéro Twilio", "the sender is not a Twilio number"},
	{21660, ClassSender, false, "l'expéditeur appartient à un autre compte", "the sender belongs to another account"},

	{30001, ClassLoad, true, "la file d'attente de Twilio a débordé", "Twilio's queue overflowed"},
	{30002, ClassAccount, false, "le compte Twilio est suspendu", "the Twilio account is suspended"},
	{30003, ClassRecipient, true, "le téléphone est injoignable (éteint ou hors réseau)", "the handset cannot be reached (off or out of range)"},
	{30004, ClassRecipient, false, "le destinataire ou son opérateur bloque le message", "the recipient or the carrier blocks the message"},
	{30005, ClassRecipient, false, "le numéro n'existe pas ou plus", "the number does not exist"},
	{30006, ClassRecipient, false, "le numéro est une ligne fixe ou l'opérateur est injoignable", "the number is a landline or its carrier cannot be reached"},
	{30007, ClassCarrier, false, "l'opérateur a filtré le message", "the carrier filtered the message"},
	{30008, ClassCarrier, true, "échec inconnu sur le réseau de l'opérateur", "an unknown failure in the carrier's network"},
	{30010, ClassAccount, false, "le prix dépasse le maximum permis", "the price is above the allowed maximum"},
	{30011, ClassRecipient, false, "le destinataire ne reçoit pas les messages avec images (MMS)", "the recipient cannot get messages with pictures (MMS)"},
	{30012, ClassContent, false, "la durée de validité du message est trop courte", "the message's validity period is too short"},
	{30023, ClassLoad, true, "le plafond quotidien de l'opérateur américain est atteint (A2P 10DLC)", "the American carrier's daily cap is reached (A2P 10DLC)"},
	{30024, ClassSender, true, "le numéro de l'expéditeur n'est pas encore en service chez l'opérateur", "the sender's number is not yet provisioned at the carrier"},
	{30032, ClassSender, false, "le numéro sans frais de l'expéditeur n'est pas vérifié", "the sender's toll-free number is not verified"},
	{30034, ClassSender, false, "le numéro de l'expéditeur n'est pas enregistré pour les États-Unis (A2P 10DLC)", "the sender's number is not registered for the United States (A2P 10DLC)"},
	{30990, ClassSender, false, "la campagne d'envoi enregistrée pour les États-Unis est suspendue (A2P 10DLC)", "the campaign registered for the United States is suspended (A2P 10DLC)"},
	{30410, ClassCarrier, true, "l'opérateur n'a pas répondu à temps", "the carrier did not answer in time"},
}
