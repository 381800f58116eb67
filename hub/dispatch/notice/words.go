package notice

import (
	"fmt"
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
		name = hourName(at, lang) + " " + name
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

func hourName(at time.Time, lang hub.Lang) string {
	switch {
	case lang == hub.English:
		return at.Format("15:04")
	case at.Minute() == 0:
		return fmt.Sprintf("%d h", at.Hour())
	}
	return fmt.Sprintf("%d h %02d", at.Hour(), at.Minute())
}

// The names of days and months that an SMS has letters for.
const (
	weekdays = "dim. lun. mar. mer. jeu. ven. sam."
	months   = "janv. févr. mars avril mai juin juil. aout sept. oct. nov. déc."
)

// dayName is "lun. 23 nov." or "Mon Nov 23".
func dayName(day time.Time, lang hub.Lang) string {
	if lang == hub.English {
		return day.Format("Mon Jan 2")
	}
	return fmt.Sprintf("%s %d %s", strings.Fields(weekdays)[day.Weekday()], day.Day(), strings.Fields(months)[day.Month()-1])
}

// spanName is "le lun. 23 nov." or "du lun. 23 nov. au dim. 29 nov.".
func spanName(o Order, lang hub.Lang) string {
	from, to := dayName(o.From.Time(), lang), dayName(o.To.Time(), lang)
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
