package otp

import "gigafibre.ca/targo-hub/hub"

// words are the texts of the page.
type words struct {
	Title, Lead                        string
	Who, WhoHint, Send                 string
	Sent, Code, CodeHint, Enter        string
	Again, AgainHint, Other, Error     string
	WhoMissing, CodeMissing, CodeWrong string
	WhoUnusable                        string
	TooMany, Call                      string
}

func wordsIn(lang hub.Lang) words {
	if lang == hub.English {
		return words{
			Title: "Get in with a code", Lead: "For technicians whose link has ended or was lost.",
			Who: "Your telephone number or e-mail address", WhoHint: "The one that the office has of you.", Send: "Send me a code",
			Sent: "If the office knows this number or address, a code is on its way. It is valid for 10 minutes.",
			Code: "Code of six digits", CodeHint: "Only the newest code counts.", Enter: "Come in",
			Again: "Send another code", AgainHint: "After a minute; at most three in 15 minutes. If none comes, call the office.", Other: "Use another number or address", Error: "Error",
			WhoMissing: "Write your telephone number or your e-mail address.", CodeMissing: "Write the six digits of the code.",
			WhoUnusable: "This is neither a telephone number nor an e-mail address: 450 555-0101, name@example.com.",
			CodeWrong:   "This code is wrong, or not valid any more. After five mistakes a new one is needed.", TooMany: "There were too many requests from here. Wait a little, or call the office.", Call: "Call the office:",
		}
	}
	return words{
		Title: "Entrer avec un code", Lead: "Pour les techniciens dont le lien est expiré ou perdu.",
		Who: "Votre numéro de téléphone ou votre adresse courriel", WhoHint: "Celui ou celle que le bureau connaît.", Send: "M'envoyer un code",
		Sent: "Si le bureau connaît ce numéro ou cette adresse, un code est en route. Il est valable 10 minutes.",
		Code: "Code de six chiffres", CodeHint: "Seul le plus récent compte.", Enter: "Entrer",
		Again: "Envoyer un autre code", AgainHint: "Après une minute; au plus trois en 15 minutes. Si rien n'arrive, appelez le bureau.", Other: "Utiliser un autre numéro ou une autre adresse", Error: "Erreur",
		WhoMissing: "Inscrivez votre numéro de téléphone ou votre adresse courriel.", CodeMissing: "Inscrivez les six chiffres du code.",
		WhoUnusable: "Ce n'est ni un numéro de téléphone ni une adresse courriel : 450 555-0101, nom@example.com.",
		CodeWrong:   "Ce code est erroné ou n'est plus valable. Après cinq erreurs, il en faut un nouveau.", TooMany: "Trop de demandes sont venues d'ici. Patientez un peu, ou appelez le bureau.", Call: "Appeler le bureau :",
	}
}
