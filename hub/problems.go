package hub

// ProblemType is a row of the catalogue of failures: what GET /problems/{code}
// shows and what the member "title" of an answer says.
type ProblemType struct {
	Code    string
	Kind    Kind
	TitleFR string
	TitleEN string
	HelpFR  string // what whoever meets it should do
	HelpEN  string
}

// Title returns the title in a language.
func (p ProblemType) Title(lang Lang) string {
	if lang == English {
		return p.TitleEN
	}
	return p.TitleFR
}

// Help says in a language what to do.
func (p ProblemType) Help(lang Lang) string {
	if lang == English {
		return p.HelpEN
	}
	return p.HelpFR
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
// compares both ways. Customers meet the ones about links, pages and waiting:
// their help speaks to them, the other rows to whoever calls or runs the hub.
var problems = [...]ProblemType{
	{"internal", Internal, "Erreur interne", "Internal error",
		"Un problème est survenu de notre côté. Réessayez dans quelques minutes; s'il revient, écrivez-nous avec la référence affichée.",
		"Something broke on our side. Try again in a few minutes; if it comes back, write to us with the reference of this answer."},

	{"malformed", Malformed, "Demande illisible", "The request cannot be read",
		"Envoyez un objet JSON tel que la description de l'opération le demande.",
		"Send a JSON object as the description of the operation says."},
	{"body-truncated", Malformed, "Corps incomplet", "The body ended early",
		"Envoyez la demande de nouveau.",
		"Send the request again."},

	{"unauthenticated", Unauthenticated, "Identification requise", "Proof of identity is needed",
		"Connectez-vous, ou envoyez un jeton valide dans l'en-tête Authorization: Bearer.",
		"Send a valid token as Authorization: Bearer, or sign in."},
	{"signature-invalid", Unauthenticated, "Signature refusée", "The signature is not valid",
		"Vérifiez que le secret inscrit chez l'expéditeur est celui des réglages du hub.",
		"Check that the secret in the sender's settings is the one configured in the hub."},
	{"link-invalid", Unauthenticated, "Lien refusé", "The link is not valid",
		"Ouvrez le lien tel que vous l'avez reçu, ou demandez-nous-en un nouveau.",
		"Open the link exactly as you received it, or ask us for a new one."},
	{"code-invalid", Unauthenticated, "Code refusé", "The code is not valid",
		"Vérifiez le code du dernier message reçu, ou demandez-en un nouveau : un code vaut dix minutes et cinq essais.",
		"Check the code of the last message that you received, or ask for a new one: a code is good for ten minutes and five tries."},

	{"forbidden", Forbidden, "Accès refusé", "Not allowed",
		"Cette page est réservée à d'autres personnes. Si elle devrait vous être ouverte, demandez-en l'accès.",
		"This route is for others. If it should be open to you, ask for access."},
	{"doctype-forbidden", Forbidden, "Type de document refusé", "The doctype is not open to you",
		"La liste des réglages (gateway.doctypes) dit quels types de document sont ouverts à qui, et pour quoi faire.",
		"The list in the settings (gateway.doctypes) says which doctypes are open to whom, and for what."},
	{"call-forbidden", Forbidden, "Appel refusé", "The call is not open to you",
		"La liste des réglages (gateway.methods) dit quelles méthodes d'ERPNext sont ouvertes à qui.",
		"The list in the settings (gateway.methods) says which methods of ERPNext are open to whom."},
	{"field-forbidden", Forbidden, "Champ refusé", "The field or parameter may not be asked for",
		"Un champ secret, ou un champ d'un autre type de document, ne peut être ni lu, ni filtré, ni trié par ici.",
		"A secret field, or a field of another doctype, can be neither read, filtered nor sorted by this way."},
	{"job-forbidden", Forbidden, "Bon de travail d'une autre personne", "Somebody else's work order",
		"Un technicien ne change que ses propres bons, et ne prend que ceux de son groupe.",
		"A technician changes his own work orders only, and takes those of his own group only."},
	{"billing-paused", Forbidden, "Facturation en pause", "Billing is paused",
		"Tant que la facturation est en pause, rien n'est soumis, facturé ni envoyé aux clients.",
		"While billing is paused nothing is submitted, invoiced or mailed to customers."},
	{"cutover-token-wrong", Forbidden, "Clé de bascule refusée", "The key of the cut-over is wrong",
		"Retirez l'en-tête X-Cutover-Token, ou envoyez la clé des réglages du hub; après cinq erreurs, l'expéditeur attend un quart d'heure.",
		"Leave the header X-Cutover-Token out, or send the key of the hub's settings; after five mistakes their sender waits a quarter of an hour."},
	{"erpnext-forbidden", Forbidden, "ERPNext ne le permet pas", "ERPNext does not permit it",
		"L'utilisateur du hub n'a pas ce droit dans ERPNext; l'exploitant peut le lui donner.",
		"The hub's user lacks this right in ERPNext; the operator can grant it there."},

	{"not-found", NotFound, "Introuvable", "Not found",
		"Vérifiez l'adresse, ou ouvrez le lien tel que vous l'avez reçu.",
		"Check the address, or open the link exactly as you received it."},
	{"job-not-found", NotFound, "Bon de travail introuvable", "No such work order",
		"Ce bon de travail n'existe pas, ou plus. Relisez le tableau.",
		"There is no such work order, or not any more. Read the board again."},
	{"equipment-not-found", NotFound, "Équipement introuvable", "No such device",
		"Aucun équipement ne porte ce nom ou ce code. Vérifiez l'étiquette, ou ajoutez l'équipement.",
		"No device has this name or code. Check the label, or add the device."},
	{"quotation-not-found", NotFound, "Soumission introuvable", "No such quotation",
		"Cette soumission n'existe pas ou n'est plus offerte. Vérifiez le numéro, ou communiquez avec nous.",
		"This quotation does not exist or is no longer offered. Check its number, or contact us."},

	{"contract-not-found", NotFound, "Contrat introuvable", "No such contract",
		"Vérifiez le numéro du contrat.",
		"Check the number of the contract."},
	{"subscription-not-found", NotFound, "Abonnement introuvable", "No such subscription",
		"Vérifiez le numéro de l'abonnement.",
		"Check the number of the subscription."},

	{"method-not-allowed", NotAllowed, "Méthode refusée", "Method not allowed",
		"Utilisez une méthode que cette adresse accepte.",
		"Use a method that the route has."},

	{"quotation-not-open", Conflict, "Soumission fermée", "The quotation can no longer be accepted",
		"Cette soumission ne peut plus être acceptée. Communiquez avec nous pour en recevoir une nouvelle.",
		"The quotation is expired, lost, ordered, cancelled or amended (the member state says which). Ask for a new one."},
	{"quotation-accepted", Conflict, "Soumission déjà acceptée", "The quotation is already accepted",
		"Il n'y a plus rien à faire : la soumission est acceptée.",
		"Nothing more is to be done."},
	{"state-conflict", Conflict, "État incompatible", "The state forbids this",
		"Relisez l'état actuel, puis décidez de nouveau.",
		"Read the thing again and decide anew."},
	{"transition-illegal", Conflict, "Ce statut ne peut pas suivre", "This state may not follow",
		"Le membre state donne le statut actuel et ceux qui peuvent le suivre (allowed).",
		"The member state gives the present state and those that may follow it (allowed)."},
	{"job-taken", Conflict, "Bon de travail déjà pris", "The work order is taken",
		"Le membre state dit qui l'a pris. Choisissez-en un autre.",
		"The member state says who has it. Choose another one."},
	{"job-duplicate", Conflict, "Bon de travail déjà ouvert", "There is such a work order already",
		"Le membre state le nomme; envoyez force pour en ouvrir un autre quand même.",
		"The member state names it; send force to open another one all the same."},
	{"job-pinned", Conflict, "Bon de travail épinglé", "The work order is pinned",
		"Retirez l'épingle (pinned: false), ou insistez avec force.",
		"Unpin it (pinned: false), or insist with force."},
	{"job-underway", Conflict, "Travail en cours", "The work is under way",
		"Quelqu'un est en route ou sur place. Parlez-lui d'abord, puis insistez avec force.",
		"Somebody drives to it or works on it. Speak with him first, then insist with force."},
	{"undo-changed", Conflict, "Modifié depuis", "It was changed since",
		"Rien n'a été annulé : le membre state dit ce qui a changé depuis votre action.",
		"Nothing was undone: the member state says what was changed since your action."},
	{"nothing-to-undo", Conflict, "Rien à annuler", "There is nothing to undo",
		"Vos trente dernières actions sont celles de GET /dispatch/actions.",
		"Your last thirty actions are those of GET /dispatch/actions."},
	{"job-linked", Conflict, "Bon de travail encore utilisé", "The work order is still in use",
		"Le membre state dit par quoi. Annulez plutôt le bon de travail, ou retirez ces liens d'abord.",
		"The member state says by what. Cancel the work order instead, or take those links away first."},
	{"contract-not-open", Conflict, "Contrat non en vigueur", "The contract is not in force",
		"Le membre state dit où en est le contrat : seul un contrat signé ou actif peut être activé ou résilié.",
		"The member state says how the contract stands: only one that is signed or active can be activated or terminated."},
	{"activation-ambiguous", Conflict, "Abonnement à préciser", "It is not clear which subscription it is",
		"Le membre state nomme les candidats. Inscrivez le bon abonnement au contrat (service_subscription), puis recommencez.",
		"The member state names the candidates. Write the right subscription into the contract (service_subscription), then try again."},
	{"change-refused", Conflict, "Changement refusé", "The change is refused",
		"Le membre state dit ce qui s'y oppose. Si une règle de la maison l'interdit, force et un motif passent outre.",
		"The member state says what is in the way. Where it is a rule of the house, force with a reason overrides it."},
	{"equipment-elsewhere", Conflict, "Équipement en service ailleurs", "The device is active elsewhere",
		"Retirez d'abord l'équipement de l'autre adresse, ou corrigez le bon de travail, puis relancez l'effet.",
		"Take the device back at the other address first, or correct the work order; then try the effect again."},
	{"equipment-exists", Conflict, "Équipement déjà connu", "The device is known already",
		"Le membre state nomme l'équipement qui porte déjà ce numéro. Reliez celui-là.",
		"The member state names the device that has this number. Link that one."},
	{"equipment-ambiguous", Conflict, "Équipement à préciser", "It is not clear which device it is",
		"Le membre state nomme les équipements qui portent ce code. Choisissez-en un par son nom.",
		"The member state names the devices that have this code. Choose one by its name."},
	{"equipment-unfit", Conflict, "Équipement hors d'usage", "The device is not fit for service",
		"Corrigez l'état de l'équipement, ou le bon de travail, puis relancez l'effet.",
		"Correct the state of the device, or the work order; then try the effect again."},
	{"stock-short", Conflict, "Stock insuffisant", "There is too little in stock",
		"Corrigez le stock de l'entrepôt ou les lignes du bon de travail; l'effet est repris de lui-même.",
		"Correct the stock of the warehouse, or the lines of the work order; the effect is tried again by itself."},
	{"key-taken", Conflict, "Clé déjà utilisée", "The key belongs to another message",
		"Rien n'a été envoyé : le membre state nomme le message qui porte cette clé. Prenez une clé pour chaque destinataire et chaque texte.",
		"Nothing was sent: the member state names the message that has this key. Use a key for each recipient and each text."},
	{"opted-out", Conflict, "Destinataire désabonné", "The recipient has opted out",
		"Rien n'a été envoyé; seul le destinataire peut revenir sur son choix.",
		"Nothing was sent; only the recipient can take that back."},
	{"outcome-unknown", Conflict, "Envoi incertain", "It is not known whether it left",
		"Vérifiez chez le fournisseur, puis décidez s'il faut l'envoyer de nouveau.",
		"Check with the provider, then decide whether to send it again."},
	{"document-changed", Conflict, "Document modifié entre-temps", "The document was changed meanwhile",
		"Le membre current montre le document tel qu'il est; reprenez-y votre modification.",
		"The member current shows the document as it stands; apply your change to it again."},
	{"erpnext-conflict", Conflict, "ERPNext voit un conflit", "ERPNext sees a conflict",
		"Le nom ou une valeur unique est déjà pris, ou le document est verrouillé; le détail dit quoi.",
		"The name or a unique value is taken, or the document is locked; the detail says which."},

	{"link-expired", Gone, "Lien expiré", "The link has expired",
		"Le lien a fait son temps. Demandez-nous-en un nouveau.",
		"The link has served its time. Ask us for a new one."},

	{"body-too-large", TooLarge, "Corps trop gros", "The body is too large",
		"Envoyez au plus 1 Mio (12 Mio pour des photos).",
		"Send at most 1 MiB (12 MiB for pictures)."},
	{"picture-too-large", TooLarge, "Photo trop grande", "The picture is too large",
		"Envoyez une photo d'au plus 12 Mio et 40 millions de pixels.",
		"Send a picture of at most 12 MiB and 40 million pixels."},

	{"media-type", Unsupported, "Type de contenu refusé", "The media type is not supported",
		"Envoyez du JSON (application/json).",
		"Send application/json."},
	{"picture-format", Unsupported, "Format de photo refusé", "The format of the picture is not supported",
		"Envoyez une photo JPEG, PNG ou WebP. Sur un iPhone : Réglages, Appareil photo, Formats, Le plus compatible.",
		"Send a JPEG, PNG or WebP picture. On an iPhone: Settings, Camera, Formats, Most Compatible."},

	{"invalid", Invalid, "Valeurs invalides", "Some values are not valid",
		"Corrigez les valeurs nommées; le membre errors donne le pointeur JSON de chacune.",
		"The member errors names each wrong value by its JSON pointer."},
	{"erpnext-invalid", Invalid, "ERPNext refuse ces valeurs", "ERPNext refuses these values",
		"Le détail est la raison d'ERPNext, en une ligne; exc_type en donne la classe.",
		"The detail is ERPNext's one-line reason; exc_type is its class."},
	{"picture-broken", Invalid, "Photo illisible", "The picture cannot be opened",
		"Le fichier est incomplet ou abîmé; prenez la photo de nouveau, ou renvoyez-la.",
		"The file is incomplete or damaged; take the photo again, or send it again."},
	{"picture-refused", Invalid, "Photo non lue", "The picture is not read",
		"Le lecteur refuse cette photo; prenez-en une autre, de l'étiquette seulement.",
		"The reader does not take this picture; take another one, of the label only."},
	{"phone-invalid", Invalid, "Numéro invalide", "Not a telephone number",
		"Écrivez le numéro avec son indicatif régional.",
		"Write the number with its area code."},
	{"fee-undated", Invalid, "Contrat sans date de début", "The contract does not say when it began",
		"Inscrivez la date de début du contrat (start_date) : sans elle, les mois écoulés sont inconnus.",
		"Write the contract's start_date first: without it nobody knows how many months have passed."},
	{"money-invalid", Invalid, "Montant invalide", "Not an amount",
		"Écrivez le montant avec un point : 39.95.",
		"Write the amount with a point: 39.95."},
	{"idempotency-mismatch", Invalid, "Clé d'idempotence réutilisée", "The Idempotency-Key was used with another body",
		"Prenez une nouvelle clé pour une nouvelle demande.",
		"Use a new key for a new request."},
	{"status-unknown", Invalid, "Statut inconnu", "No such state",
		"Le membre errors donne les statuts qui existent.",
		"The member errors names the states that there are."},
	{"reason-missing", Invalid, "Motif requis", "A reason is needed",
		"Dites pourquoi, en quelques mots.",
		"Say why, in a few words."},
	{"checklist-open", Invalid, "Liste de vérification incomplète", "The checklist is not answered",
		"Le membre errors nomme les points obligatoires qui n'ont pas de réponse.",
		"The member errors names the required items that have no answer."},
	{"chain-circle", Invalid, "Ordre circulaire", "Work orders would wait for each other",
		"Le membre state montre le cercle; retirez-en un lien.",
		"The member state shows the circle; leave one of its links out."},
	{"steps-invalid", Invalid, "Étapes invalides", "The steps are not valid",
		"Corrigez les étapes de la commande : des identifiants uniques, des étapes précédentes connues, aucun cercle.",
		"Correct the steps of the order: unique ids, known predecessors, no circle."},
	{"location-missing", Invalid, "Adresse de service manquante", "The service location is missing",
		"Inscrivez l'adresse de service sur le bon de travail, puis relancez l'effet.",
		"Fill in the service location of the work order; then try the effect again."},
	{"warehouse-missing", Invalid, "Entrepôt manquant", "The warehouse is missing",
		"Donnez un entrepôt au technicien (son camion), ou inscrivez-en un sur chaque ligne, puis relancez l'effet.",
		"Give the technician a warehouse (the van), or name one on each line; then try the effect again."},
	{"no-contact", Invalid, "Aucune coordonnée", "The customer has no address to write to",
		"Ajoutez une adresse courriel ou un numéro de cellulaire au client.",
		"Add an e-mail address or a mobile number to the customer."},

	{"upgrade-required", OtherProtocol, "Un WebSocket commence ici", "A WebSocket begins here",
		"Ouvrez l'adresse avec un WebSocket (version 13).",
		"Open the address with a WebSocket (version 13)."},

	{"too-many-requests", TooMany, "Trop de demandes", "Too many requests",
		"Patientez un peu, puis réessayez.",
		"Wait a little (Retry-After says how long), then try again."},
	{"vision-limit", TooMany, "Limite de lecture atteinte", "The limit of readings is reached",
		"Le nombre de photos lues par jour est limité (réglages vision.per_person et vision.per_day); les codes-barres se lisent encore. Revenez demain.",
		"Pictures read in a day are limited (settings vision.per_person and vision.per_day); bar codes are still read. Come back tomorrow."},

	{"upstream-failed", Upstream, "Un autre système a mal répondu", "Another system answered badly",
		"Réessayez plus tard; l'exploitant en voit la cause dans le journal.",
		"Try again later; the operator sees the cause in the log."},
	{"vision-unreadable", Upstream, "Photo illisible", "The picture could not be read",
		"Prenez une autre photo, plus près et bien éclairée.",
		"Take another picture, closer and in good light."},
	{"webhook-refused", Upstream, "Webhook non livré", "The webhook was not taken",
		"Vérifiez l'adresse du webhook sur le bon de travail, et la liste des hôtes permis dans les réglages (hooks.hosts).",
		"Check the address of the webhook on the work order, and the list of hosts in the settings (hooks.hosts)."},
	{"erpnext-refused", Upstream, "ERPNext a refusé", "ERPNext refused the document",
		"Le détail est la raison d'ERPNext, en une ligne.",
		"The detail is ERPNext's one-line reason."},

	{"unavailable", Unavailable, "Service momentanément indisponible", "Temporarily unavailable",
		"Le service revient bientôt. Réessayez dans quelques minutes.",
		"The service will be back soon. Try again after the time given in Retry-After."},
	{"store-unavailable", Unavailable, "Mémoire indisponible", "The store cannot be written",
		"Rien n'a été reçu; envoyez de nouveau après le délai de l'en-tête Retry-After.",
		"Nothing was taken in; send again after the time given in Retry-After."},
	{"store-full", Unavailable, "Mémoire pleine", "The store is full",
		"Rien n'a été reçu : il ne reste pas de place. Libérez-en (disque, ou mémoire de Redis); le hub reprend de lui-même.",
		"Nothing was taken in: there is no room left. Make some (disk, or Redis's memory); the hub goes on by itself."},
	{"secret-missing", Unavailable, "Secret non configuré", "No secret is configured for this sender",
		"Inscrivez le secret de l'expéditeur dans les réglages du hub : sans lui, rien n'est cru.",
		"Set the sender's secret in the hub's settings: without one nothing is believed."},
	{"upstream-unavailable", Unavailable, "Un autre système est absent", "Another system is away",
		"Réessayez après le délai de l'en-tête Retry-After.",
		"Try again after the time given in Retry-After."},
	{"part-off", Unavailable, "Fonction désactivée", "This part is switched off",
		"Les réglages du système nécessaire sont vides.",
		"The settings of the system it needs are empty."},

	{"timeout", Timeout, "Délai dépassé", "The time budget is spent",
		"La réponse a trop tardé. Réessayez dans un instant.",
		"The answer took too long. Try again in a moment."},
	{"vision_timeout", Timeout, "Lecture trop longue", "The picture could not be read in time",
		"Envoyez la même photo de nouveau dans un instant; le membre retryable le dit aussi aux programmes.",
		"Send the same picture again in a moment; the member retryable tells programs so."},
}
