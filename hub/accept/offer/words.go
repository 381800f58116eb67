package offer

import "gigafibre.ca/targo-hub/hub"

// Words are the fixed texts of the customer's page.
type Words struct {
	Lang hub.Lang

	Title, ValidUntil, Terms, Fingerprint          string
	Description, Qty, Amount, Subtotal, Total      string
	SignTitle, YourName, ConsentTerms, Sign        string
	ConsentElectronic, DeclineTitle, Reason        string
	Decline, AcceptedTitle, AcceptedText, Contract string
	ClosedTitle, NameMissing, Changed              string
	ConsentMissing, ReasonMissing, PDF, TPS, TVQ   string
}

// WordsIn returns the texts in a language.
func WordsIn(lang hub.Lang) Words {
	if lang == hub.English {
		return english()
	}
	return french()
}

func french() Words {
	return Words{
		Lang:  hub.French,
		Title: "Soumission", ValidUntil: "valable jusqu'au", Terms: "Conditions", Fingerprint: "Empreinte du document (SHA-256) :",
		Description: "Description", Qty: "Qté", Amount: "Montant", Subtotal: "Sous-total", Total: "Total",
		SignTitle: "Accepter la soumission", YourName: "Votre nom complet",
		ConsentTerms:      "J'ai lu la soumission et ses conditions, et je les accepte.",
		ConsentElectronic: "J'accepte de signer électroniquement et de recevoir par courriel le lien vers mon exemplaire.",
		Sign:              "Signer et accepter",
		DeclineTitle:      "Je ne souhaite pas donner suite", Reason: "Pour quelle raison?", Decline: "Refuser la soumission",
		AcceptedTitle: "Merci, c'est accepté",
		AcceptedText:  "Nous préparons votre installation et vous appelons pour fixer le rendez-vous.",
		Contract:      "Votre contrat :",
		ClosedTitle:   "Cette soumission est fermée",
		NameMissing:   "Écrivez votre nom complet.", Changed: "La soumission a changé depuis que vous l'avez ouverte. Relisez-la, puis signez.",
		ConsentMissing: "Cochez les deux cases pour accepter.", ReasonMissing: "Écrivez la raison en quelques mots.",
		PDF: "Lire ou imprimer la soumission (PDF)", TPS: "TPS (5 %)", TVQ: "TVQ (9,975 %)",
	}
}

func english() Words {
	return Words{
		Lang:  hub.English,
		Title: "Quotation", ValidUntil: "valid until", Terms: "Terms", Fingerprint: "Fingerprint of the document (SHA-256):",
		Description: "Description", Qty: "Qty", Amount: "Amount", Subtotal: "Subtotal", Total: "Total",
		SignTitle: "Accept the quotation", YourName: "Your full name",
		ConsentTerms:      "I have read the quotation and its terms, and I accept them.",
		ConsentElectronic: "I agree to sign electronically and to receive the link to my copy by e-mail.",
		Sign:              "Sign and accept",
		DeclineTitle:      "I do not wish to go ahead", Reason: "For what reason?", Decline: "Decline the quotation",
		AcceptedTitle: "Thank you, it is accepted",
		AcceptedText:  "We are preparing your installation and will call you to set the date.",
		Contract:      "Your contract:",
		ClosedTitle:   "This quotation is closed",
		NameMissing:   "Write your full name.", Changed: "The quotation has changed since you opened it. Read it again, then sign.",
		ConsentMissing: "Tick both boxes to accept.", ReasonMissing: "Write the reason in a few words.",
		PDF: "Read or print the quotation (PDF)", TPS: "GST (5%)", TVQ: "QST (9.975%)",
	}
}

// ClosedBecause says in words why a quotation can no longer be accepted.
func ClosedBecause(state string, lang hub.Lang) string {
	reasons := map[string][2]string{
		Expired:   {"Elle a expiré. Demandez-nous une nouvelle soumission.", "It has expired. Ask us for a new one."},
		Lost:      {"Vous l'avez refusée. Merci de nous l'avoir dit. Si c'est une erreur, appelez-nous.", "You declined it. Thank you for telling us. If this is a mistake, call us."},
		Ordered:   {"Elle est déjà commandée.", "It is already ordered."},
		Cancelled: {"Elle a été annulée.", "It was cancelled."},
		Amended:   {"Elle a été remplacée par une nouvelle version.", "It was replaced by a new version."},
	}
	if lang == hub.English {
		return reasons[state][1]
	}
	return reasons[state][0]
}

// frequencyTitle and frequencyPer name a billing frequency for people.
func frequencyTitle(f string, lang hub.Lang) string {
	titles := map[string][2]string{
		monthly: {"Chaque mois", "Every month"}, quarterly: {"Chaque trimestre", "Every quarter"},
		semiAnnual: {"Chaque semestre", "Every six months"}, annual: {"Chaque année", "Every year"},
		OneTime: {"Une seule fois", "Once"},
	}
	if lang == hub.English {
		return titles[f][1]
	}
	return titles[f][0]
}

func frequencyPer(f string, lang hub.Lang) string {
	per := map[string][2]string{
		monthly: {"par mois", "per month"}, quarterly: {"par trimestre", "per quarter"},
		semiAnnual: {"par semestre", "per six months"}, annual: {"par année", "per year"},
	}
	if lang == hub.English {
		return per[f][1]
	}
	return per[f][0]
}
