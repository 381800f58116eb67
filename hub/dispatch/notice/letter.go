package notice

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"gigafibre.ca/targo-hub/hub"
)

// How long a message may be: jobs that it names (more are counted), SMS that it is
// cut into, letters in each of these, and letters of its head and its end. Of a
// town's name no more is written than fits on a line.
const (
	mostLines  = 24
	mostSMS    = 5
	oneSMS     = 153
	headAndEnd = 75
	longTown   = 40
)

// dayLine is a day of the message.
type dayLine struct{ Day, Work string }

// roomFor is how many letters there are for the days, beside the others.
func roomFor(others string) int { return mostSMS*oneSMS - headAndEnd - units(others) }

func units(text string) int { return hub.MeasureSMS(text).Units }

// letter writes the jobs down, day by day: as many as there is room for, and the
// towns as long as there is; the first days matter most. More is how many are left
// out.
func (p *person) letter(room int) (days []dayLine, more int) {
	named := p.jobs[:min(len(p.jobs), mostLines)]
	last := ""
	for i, job := range named {
		day := hub.SMSDay(job.ScheduledDate.Time(), p.lang)
		cost := units(workName(job, "", p.lang) + ", ")
		if day != last {
			cost += units(day + " : \n")
		}
		if last = day; cost > room {
			named = named[:i]
			break
		}
		room -= cost
	}
	days, last = []dayLine{}, ""
	for _, job := range named {
		town := townOf(job)
		if cost := units(town + " (, "); town != "" && cost <= room {
			room -= cost
		} else if town != "" {
			town, room = "", 0
		}
		day, work := hub.SMSDay(job.ScheduledDate.Time(), p.lang), workName(job, town, p.lang)
		if day == last {
			days[len(days)-1].Work += ", " + work
			continue
		}
		days, last = append(days, dayLine{Day: day, Work: work}), day
	}
	return days, len(p.jobs) - len(named)
}

// townOf is the town of a job, in the letters of an SMS.
func townOf(job *planned) string {
	town := []rune(letters(strings.Join(strings.Fields(job.Town), " ")))
	return string(town[:min(len(town), longTown)])
}

// letters writes a name with the letters that an SMS has: one that it lacks would
// leave it less than half its room. "Saint-Jérôme" becomes "Saint-Jérome".
func letters(name string) string {
	var out strings.Builder
	for _, r := range strings.NewReplacer("’", "'", "œ", "oe", "Œ", "OE", "–", "-", "—", "-").Replace(name) {
		if plain := string(r); fits(plain) {
			out.WriteString(plain)
		} else if plain = string([]rune(norm.NFD.String(plain))[0]); fits(plain) {
			out.WriteString(plain)
		}
	}
	return out.String()
}

func fits(letter string) bool { return hub.MeasureSMS(letter).Encoding == hub.GSM7 }
