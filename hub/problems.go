package hub

// ProblemType is a row of the catalogue of failures: what GET /problems/{code}
// shows and what the member "title" of an answer says.
type ProblemType struct {
	Code    string
	Kind    Kind
	TitleFR string
	TitleEN string
	Help    string // what the reader of the page should do, in English
}

// Title returns the title in a language.
func (p ProblemType) Title(lang Lang) string {
	if lang == English {
		return p.TitleEN
	}
	return p.TitleFR
}

// Problem returns the row of a code.
func Problem(code string) (ProblemType, bool) {
	for _, p := range problems {
		if p.Code == code {
			return p, true
		}
	}
	return ProblemType{}, false
}

// Problems lists the catalogue, ordered by kind.
func Problems() []ProblemType { return append([]ProblemType(nil), problems[:]...) }

// Every code that Fail is given in this repository stands here once; a test
// compares both ways.
var problems = [...]ProblemType{
	{"internal", Internal, "Erreur interne", "Internal error",
		"Something broke on our side. Give the request id to support."},

	{"malformed", Malformed, "Demande illisible", "The request cannot be read",
		"Send a JSON object as the description of the operation says."},
	{"body-truncated", Malformed, "Corps incomplet", "The body ended early",
		"Send the request again."},

	{"unauthenticated", Unauthenticated, "Identification requise", "Proof of identity is needed",
		"Send a valid token as Authorization: Bearer, or sign in."},
	{"signature-invalid", Unauthenticated, "Signature refusée", "The signature is not valid",
		"Check that the secret in the sender's settings is the one configured in the hub."},
	{"link-invalid", Unauthenticated, "Lien refusé", "The link is not valid",
		"Open the link exactly as it was received."},

	{"forbidden", Forbidden, "Accès refusé", "Not allowed",
		"This route is for others."},

	{"not-found", NotFound, "Introuvable", "Not found",
		"Check the address or the name."},
	{"quotation-not-found", NotFound, "Soumission introuvable", "No such quotation",
		"Check the name of the quotation in ERPNext."},

	{"method-not-allowed", NotAllowed, "Méthode refusée", "Method not allowed",
		"Use a method that the route has."},

	{"quotation-not-open", Conflict, "Soumission fermée", "The quotation can no longer be accepted",
		"The member state says why: expired, lost, ordered, cancelled or amended."},
	{"quotation-accepted", Conflict, "Soumission déjà acceptée", "The quotation is already accepted",
		"Nothing more is to be done."},
	{"state-conflict", Conflict, "État incompatible", "The state forbids this",
		"Read the thing again and decide anew."},

	{"link-expired", Gone, "Lien expiré", "The link has expired",
		"Ask for a new link."},

	{"body-too-large", TooLarge, "Corps trop gros", "The body is too large",
		"Send at most 1 MiB (12 MiB for pictures)."},

	{"media-type", Unsupported, "Type de contenu refusé", "The media type is not supported",
		"Send application/json."},

	{"invalid", Invalid, "Valeurs invalides", "Some values are not valid",
		"The member errors names each wrong value by its JSON pointer."},
	{"phone-invalid", Invalid, "Numéro invalide", "Not a telephone number",
		"Write the number with its area code."},
	{"money-invalid", Invalid, "Montant invalide", "Not an amount",
		"Write the amount with a point: 39.95."},
	{"idempotency-mismatch", Invalid, "Clé d'idempotence réutilisée", "The Idempotency-Key was used with another body",
		"Use a new key for a new request."},
	{"steps-invalid", Invalid, "Étapes invalides", "The steps are not valid",
		"Correct the steps of the order: unique ids, known predecessors, no circle."},
	{"no-contact", Invalid, "Aucune coordonnée", "The customer has no address to write to",
		"Add an e-mail address or a mobile number to the customer."},

	{"too-many-requests", TooMany, "Trop de demandes", "Too many requests",
		"Wait for the time given in Retry-After."},

	{"upstream-failed", Upstream, "Un autre système a mal répondu", "Another system answered badly",
		"Try again later; the operator sees the cause in the log."},
	{"erpnext-refused", Upstream, "ERPNext a refusé", "ERPNext refused the document",
		"The detail is ERPNext's one-line reason."},

	{"unavailable", Unavailable, "Service momentanément indisponible", "Temporarily unavailable",
		"Try again after the time given in Retry-After."},
	{"store-unavailable", Unavailable, "Mémoire indisponible", "The store cannot be written",
		"Nothing was taken in; send again after the time given in Retry-After."},
	{"secret-missing", Unavailable, "Secret non configuré", "No secret is configured for this sender",
		"Set the sender's secret in the hub's settings: without one nothing is believed."},
	{"upstream-unavailable", Unavailable, "Un autre système est absent", "Another system is away",
		"Try again after the time given in Retry-After."},
	{"part-off", Unavailable, "Fonction désactivée", "This part is switched off",
		"The settings of the system it needs are empty."},

	{"timeout", Timeout, "Délai dépassé", "The time budget is spent",
		"Try again."},
}
