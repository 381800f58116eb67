package notice

import (
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
)

// vars are the values of the message: days and hours, what kind of work, in which
// town, and the link. Neither who the customers are nor in which street they live
// nor how to get in: a telephone lies about.
func (n *Notices) vars(o Order, p *person, m memory, link string) map[string]any {
	days, more := p.letter(roomFor(n.Brand + link))
	return map[string]any{
		"Company": n.Brand, "Update": m.Number > 1, "Count": len(p.jobs), "Days": days, "More": more, "Link": link, "Span": spanName(o, p.lang),
	}
}

// workName is an hour and a kind, and where: "8 h 30 Réparation (Granby)".
func workName(job *planned, town string, lang hub.Lang) string {
	name := job.JobType
	if french, known := kinds[name]; known && lang != hub.English {
		name = french
	}
	name = letters(name)
	if at, err := time.Parse(time.TimeOnly, ledger.Clock(job.StartTime)); err == nil {
		name = hub.SMSHour(at, lang) + " " + name
	}
	var notes []string
	if town != "" {
		notes = append(notes, town)
	}
	if job.Status == erpnext.JobOnHold {
		notes = append(notes, map[bool]string{true: "on hold", false: "en attente"}[lang == hub.English])
	}
	if len(notes) > 0 {
		name += " (" + strings.Join(notes, ", ") + ")"
	}
	return name
}

// kinds are the job types in French, in letters that an SMS has room for.
var kinds = map[string]string{
	"Installation": "Installation", "Repair": "Réparation", "Maintenance": "Entretien", "Removal": "Retrait",
	"Move": "Déménagement", "TV": "Télé", "Telephony": "Téléphonie", "Survey": "Relevé",
}

// spanName is "le lun. 23 nov." or "du lun. 23 nov. au dim. 29 nov.".
func spanName(o Order, lang hub.Lang) string {
	from, to := hub.SMSDay(o.From.Time(), lang), hub.SMSDay(o.To.Time(), lang)
	switch english := lang == hub.English; {
	case english && o.From == o.To:
		return "on " + from
	case english:
		return "from " + from + " to " + to
	case o.From == o.To:
		return "le " + from
	}
	return "du " + from + " au " + to
}
