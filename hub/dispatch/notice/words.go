package notice

import (
	"fmt"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
)

// mostLines is how many jobs one message names; more are counted.
const mostLines = 24

// vars are the values of the message: days and hours, what kind of work, and the
// link. Neither who the customers are nor where they live nor how to get in: a
// telephone lies about.
func (n *Notices) vars(o Order, p *person, m memory, link string) map[string]any {
	type day struct{ Day, Work string }
	days := []day{}
	more := 0
	for i, job := range p.jobs {
		if i >= mostLines {
			more++
			continue
		}
		name, work := dayName(job.ScheduledDate.Time(), p.lang), workName(job, p.lang)
		if last := len(days) - 1; last >= 0 && days[last].Day == name {
			days[last].Work += ", " + work
			continue
		}
		days = append(days, day{Day: name, Work: work})
	}
	return map[string]any{
		"Company": n.Brand, "Update": m.Number > 1, "Count": len(p.jobs), "Days": days, "More": more, "Link": link,
		"From": dayName(o.From.Time(), p.lang), "To": dayName(o.To.Time(), p.lang),
	}
}

// workName is an hour and a kind: "8 h 30 Réparation".
func workName(job *planned, lang hub.Lang) string {
	name := job.JobType
	if french, known := kinds[name]; known && lang != hub.English {
		name = french
	}
	if at, err := time.Parse(time.TimeOnly, ledger.Clock(job.StartTime)); err == nil {
		name = hourName(at, lang) + " " + name
	}
	if job.Status == erpnext.JobOnHold {
		name += map[bool]string{true: " (on hold)", false: " (en attente)"}[lang == hub.English]
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
