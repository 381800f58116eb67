package accept

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/qr"
	"gigafibre.ca/targo-hub/hub/web"
)

// view is what the customer's page shows.
type view struct {
	T        words
	Quote    quote
	Action   string // where the forms go: this page
	Name     string
	Accepted bool
	Outcome  Outcome
	Closed   string // why it cannot be accepted, in words
	Problem  string // what was wrong with the form
}

// pair hands two values to a template.
func pair(of, t any) any { return struct{ Of, T any }{of, t} }

// show answers GET /accept/{jwt}: the page. Link scanners open it too, so it has
// no effect.
func (d *Desk) show(c echo.Context) error { return d.render(c, http.StatusOK, "") }

func (d *Desk) render(c echo.Context, status int, problem string) error {
	ctx, lang := c.Request().Context(), web.LangOf(c)
	q, err := d.quotation(ctx, hub.ActorOf(ctx).Subject)
	if err != nil {
		return err
	}
	v := view{T: wordsIn(lang), Quote: newQuote(q, lang), Action: c.Request().URL.RequestURI(), Problem: problem, Name: c.FormValue("name")}
	if v.Outcome, _, err = d.known(ctx, q.Name); err != nil {
		return err
	}
	state, err := d.closed(ctx, q, d.now())
	if err != nil {
		return err
	}
	_, signed, err := d.jobOf(ctx, q.Name)
	if err != nil {
		return err
	}
	v.Accepted = state == stateAccepted || signed
	v.Closed = closedBecause(state, lang)
	return web.Page(c, status, d.page, "quotation", v)
}

// submit answers POST /accept/{jwt}: the page's own form, which works without
// JavaScript, and then shows the page anew.
func (d *Desk) submit(c echo.Context) error {
	t := wordsIn(web.LangOf(c))
	problem, err := d.act(c, t)
	switch {
	case hub.HasCode(err, "state-conflict"):
		return d.render(c, http.StatusConflict, t.Changed)
	case hub.HasCode(err, "quotation-not-open"):
		return d.render(c, http.StatusConflict, "")
	case err != nil:
		return err
	case problem != "":
		return d.render(c, http.StatusUnprocessableEntity, problem)
	}
	return c.Redirect(http.StatusSeeOther, c.Request().URL.RequestURI())
}

// act accepts or declines as the form says; problem is what the form lacks.
func (d *Desk) act(c echo.Context, t words) (problem string, err error) {
	ctx := c.Request().Context()
	form, err := c.FormParams()
	if err != nil {
		return "", hub.Fail(hub.Malformed, "malformed", "The form cannot be read.", err)
	}
	q, err := d.quotation(ctx, hub.ActorOf(ctx).Subject)
	if err != nil {
		return "", err
	}
	if form.Has("decline") {
		reason := strings.TrimSpace(form.Get("reason"))
		if len(reason) < 3 {
			return t.ReasonMissing, nil
		}
		return "", d.refuse(ctx, q, reason)
	}
	name, consents := strings.TrimSpace(form.Get("name")), form["consents"]
	if len(name) < 2 || len(name) > 140 {
		return t.NameMissing, nil
	}
	if !contains(consents, consentTerms, consentElectronic) {
		return t.ConsentMissing, nil
	}
	_, err = d.accept(ctx, q, name, consents, form.Get("document"))
	return "", err
}

func contains(list []string, wanted ...string) bool {
	for _, w := range wanted {
		found := false
		for _, have := range list {
			found = found || have == w
		}
		if !found {
			return false
		}
	}
	return true
}

// qr answers GET /accept/{quotation}/qr: the code that print formats show.
func (d *Desk) qr(c echo.Context) error {
	q, err := d.quotation(c.Request().Context(), c.Param("quotation"))
	if err != nil {
		return err
	}
	if q.SigningURL == "" {
		return hub.Fail(hub.Conflict, "state-conflict", "This quotation has no signing link yet: make it with POST /accept/generate.", nil)
	}
	draw, kind := qr.SVG, "image/svg+xml"
	if c.QueryParam("format") == "png" {
		draw, kind = qr.PNG, "image/png"
	}
	picture, err := draw(q.SigningURL)
	if err != nil {
		return fmt.Errorf("drawing the link of %s: %w", q.Name, err)
	}
	c.Response().Header().Set("Cache-Control", "private, no-cache")
	return c.Blob(http.StatusOK, kind, picture)
}

// summary puts a group of lines in words, for messages.
func summary(g group) string {
	lines := make([]string, 0, len(g.Lines)+1)
	for _, l := range g.Lines {
		lines = append(lines, l.Description+" : "+l.Amount.Cents().String()+" $")
	}
	return strings.Join(append(lines, strings.TrimSpace("Total "+g.Per)+" : "+g.Total.String()+" $"), "\n")
}

// words are the fixed texts of the customer's page.
type words struct {
	Title, ValidUntil, Terms, Fingerprint           string
	Description, Qty, Amount, Subtotal, Total       string
	SignTitle, YourName, ConsentTerms, Sign         string
	ConsentElectronic, DeclineTitle, Reason         string
	Decline, AcceptedTitle, AcceptedText, Contract  string
	ClosedTitle, DeclinedText, NameMissing, Changed string
	ConsentMissing, ReasonMissing                   string
}

func wordsIn(lang hub.Lang) words {
	if lang == hub.English {
		return english()
	}
	return french()
}

func french() words {
	return words{
		Title: "Soumission", ValidUntil: "valable jusqu'au", Terms: "Conditions", Fingerprint: "Empreinte du document (SHA-256) :",
		Description: "Description", Qty: "Qté", Amount: "Montant", Subtotal: "Sous-total", Total: "Total",
		SignTitle: "Accepter la soumission", YourName: "Votre nom complet",
		ConsentTerms:      "J'ai lu la soumission et ses conditions, et je les accepte.",
		ConsentElectronic: "J'accepte de signer électroniquement et de recevoir mon exemplaire par courriel.",
		Sign:              "Signer et accepter",
		DeclineTitle:      "Je ne souhaite pas donner suite", Reason: "Pour quelle raison ?", Decline: "Refuser la soumission",
		AcceptedTitle: "Merci, c'est accepté",
		AcceptedText:  "Nous préparons votre installation et vous appelons pour fixer le rendez-vous.",
		Contract:      "Votre contrat :",
		ClosedTitle:   "Cette soumission est fermée", DeclinedText: "Vous avez refusé cette soumission. Merci de nous l'avoir dit.",
		NameMissing: "Écrivez votre nom complet.", Changed: "La soumission a changé depuis que vous l'avez ouverte. Relisez-la, puis signez.",
		ConsentMissing: "Cochez les deux cases pour accepter.", ReasonMissing: "Écrivez la raison en quelques mots.",
	}
}

func english() words {
	return words{
		Title: "Quotation", ValidUntil: "valid until", Terms: "Terms", Fingerprint: "Fingerprint of the document (SHA-256):",
		Description: "Description", Qty: "Qty", Amount: "Amount", Subtotal: "Subtotal", Total: "Total",
		SignTitle: "Accept the quotation", YourName: "Your full name",
		ConsentTerms:      "I have read the quotation and its terms, and I accept them.",
		ConsentElectronic: "I agree to sign electronically and to receive my copy by e-mail.",
		Sign:              "Sign and accept",
		DeclineTitle:      "I do not wish to go ahead", Reason: "For what reason?", Decline: "Decline the quotation",
		AcceptedTitle: "Thank you, it is accepted",
		AcceptedText:  "We are preparing your installation and will call you to set the date.",
		Contract:      "Your contract:",
		ClosedTitle:   "This quotation is closed", DeclinedText: "You declined this quotation. Thank you for telling us.",
		NameMissing: "Write your full name.", Changed: "The quotation has changed since you opened it. Read it again, then sign.",
		ConsentMissing: "Tick both boxes to accept.", ReasonMissing: "Write the reason in a few words.",
	}
}

// closedBecause says in words why a quotation can no longer be accepted.
func closedBecause(state string, lang hub.Lang) string {
	reasons := map[string][2]string{
		stateExpired:   {"Elle a expiré. Demandez-nous une nouvelle soumission.", "It has expired. Ask us for a new one."},
		stateLost:      {"Elle a été refusée.", "It was declined."},
		stateOrdered:   {"Elle est déjà commandée.", "It is already ordered."},
		stateCancelled: {"Elle a été annulée.", "It was cancelled."},
		stateAmended:   {"Elle a été remplacée par une nouvelle version.", "It was replaced by a new version."},
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
		oneTime: {"Une seule fois", "Once"},
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
