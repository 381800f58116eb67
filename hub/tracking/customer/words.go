package customer

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/roads"
)

// words are the texts of the page.
type words struct {
	Title, Window, ETA, Who, Photo, Map, ShowMap, Truck, Home string
	Again, Seen, Call, Private, Sketch, North                 string
	Offline, GoneTitle, Gone, AwayTitle, Away                 string
	States                                                    map[string][2]string // headline, and what follows
	Late, NoHour, NoETA                                       string
}

func wordsIn(lang hub.Lang) words {
	if lang == hub.English {
		return words{
			Title: "Your visit", Window: "Planned", ETA: "Arrival", Who: "Your technician", Photo: "Photo of the technician", Map: "Map: where the technician is, roughly",
			ShowMap: "Show the map", Truck: "Technician", Home: "Your place", Sketch: "North is up.", North: "N",
			Again: "Refresh", Seen: "As of", Call: "Call us:", Private: "The place is approximate, and shown only while the technician is on the way to you.",
			Offline: "No connection. What you see may be out of date.", GoneTitle: "This link shows nothing any more",
			Gone: "The visit is over, or the address is not complete.", AwayTitle: "Not available right now", Away: "We cannot look right now. Try again in a minute.",
			States: map[string][2]string{
				scheduled: {"Your visit is planned", "This page shows when the technician is on the way."}, delayed: {"Your visit is late", "We are sorry. The technician has not set out yet."},
				onTheWay: {"The technician is on the way", ""}, arrived: {"The technician has arrived", ""}, inProgress: {"The work is under way", ""},
				done: {"The visit is done", "Thank you."}, cancelled: {"The visit is cancelled", "Call us for any question."},
			},
			Late: "Later than planned. We are sorry.", NoHour: "The hour is still to be confirmed.", NoETA: "The hour of arrival is not known yet.",
		}
	}
	return words{
		Title: "Votre visite", Window: "Prévue", ETA: "Arrivée", Who: "Votre technicien", Photo: "Photo du technicien", Map: "Carte\u00a0: où se trouve le technicien, à peu près",
		ShowMap: "Afficher la carte", Truck: "Technicien", Home: "Chez vous", Sketch: "Le nord est en haut.", North: "N",
		Again: "Actualiser", Seen: "À jour à", Call: "Nous appeler\u00a0:", Private: "L’endroit est approximatif et n’est montré que pendant que le technicien est en route vers chez vous.",
		Offline: "Pas de connexion. Ce que vous voyez n’est peut-être plus à jour.", GoneTitle: "Ce lien ne montre plus rien",
		Gone: "La visite est terminée, ou l’adresse est incomplète.", AwayTitle: "Indisponible pour le moment", Away: "Nous ne pouvons pas vérifier pour le moment. Réessayez dans une minute.",
		States: map[string][2]string{
			scheduled: {"Votre visite est prévue", "Cette page vous montrera quand le technicien sera en route."}, delayed: {"Votre visite est en retard", "Nous en sommes désolés. Le technicien n’est pas encore parti."},
			onTheWay: {"Le technicien est en route", ""}, arrived: {"Le technicien est arrivé", ""}, inProgress: {"Les travaux sont en cours", ""},
			done: {"La visite est terminée", "Merci."}, cancelled: {"La visite est annulée", "Appelez-nous pour toute question."},
		},
		Late: "Plus tard que prévu. Nous en sommes désolés.", NoHour: "L’heure reste à confirmer.", NoETA: "L’heure d’arrivée n’est pas encore connue.",
	}
}

// said is what a page says of a sight; the answer for scripts has the same words.
type said struct {
	Headline, Detail string
	Window, ETA, Far string // "" for none
	Seen             string // the hour of the look
}

func say(s sight, lang hub.Lang) said {
	t := wordsIn(lang)
	w := said{Headline: t.States[s.State][0], Detail: t.States[s.State][1], Seen: hour(s.Now, lang)}
	switch {
	case s.Late:
		w.Detail = t.Late
	case s.State == onTheWay && s.ETA.IsZero():
		w.Detail = t.NoETA
	}
	if s.State == scheduled || s.State == delayed || s.State == onTheWay {
		w.Window = window(s, lang)
	}
	if !s.ETA.IsZero() {
		w.ETA = arrival(s, lang)
	}
	if s.Truck != nil {
		w.Far = far(s.Truck.At, s.Place, lang)
	}
	return w
}

// arrival says when somebody comes: "dans environ 20 minutes (vers 14 h 25)".
func arrival(s sight, lang hub.Lang) string {
	if lang == hub.English {
		return fmt.Sprintf("in about %s (around %s)", span(s.Minutes), hour(s.ETA, lang))
	}
	return fmt.Sprintf("dans environ %s (vers %s)", span(s.Minutes), hour(s.ETA, lang))
}

// about rounds minutes as people say them: far ones to five. They tell less of where
// somebody is, too.
func about(left time.Duration) int {
	minutes := int(math.Round(left.Minutes()))
	if minutes > 10 {
		minutes = (minutes + 2) / 5 * 5
	}
	return max(1, minutes)
}

// span names minutes, the same in both languages.
func span(minutes int) string {
	switch {
	case minutes == 1:
		return "1 minute"
	case minutes < 60:
		return strconv.Itoa(minutes) + " minutes"
	}
	return fmt.Sprintf("%d\u00a0h\u00a0%02d", minutes/60, minutes%60)
}

// window says when the visit was promised for: "aujourd’hui entre 13 h et 15 h".
func window(s sight, lang hub.Lang) string {
	if s.Day.IsZero() {
		return wordsIn(lang).NoHour
	}
	day := dayOf(s.Day, s.Now, lang)
	switch {
	case s.From.IsZero() || s.To.IsZero():
		return day
	case lang == hub.English:
		return fmt.Sprintf("%s between %s and %s", day, hour(s.From, lang), hour(s.To, lang))
	}
	return fmt.Sprintf("%s entre %s et %s", day, hour(s.From, lang), hour(s.To, lang))
}

// dayOf names a day as one speaks: "aujourd’hui", "mardi 24 novembre 2026".
func dayOf(day, now time.Time, lang hub.Lang) string {
	weekdays, today, tomorrow := [...]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}, "aujourd’hui", "demain"
	if lang == hub.English {
		weekdays, today, tomorrow = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}, "today", "tomorrow"
	}
	switch erpnext.DateOf(day) {
	case erpnext.DateOf(now):
		return today
	case erpnext.DateOf(now.In(hub.Local()).AddDate(0, 0, 1)):
		return tomorrow
	}
	weekday := weekdays[day.In(hub.Local()).Weekday()]
	if lang == hub.English {
		return weekday + ", " + hub.Day(day, lang)
	}
	return weekday + " " + hub.Day(day, lang)
}

// hour names a time of the day: "14 h 05", "2:05 pm", in one piece on a line.
func hour(t time.Time, lang hub.Lang) string {
	local := t.In(hub.Local())
	switch {
	case lang == hub.English:
		return local.Format("3:04\u00a0pm")
	case local.Minute() == 0:
		return strconv.Itoa(local.Hour()) + "\u00a0h"
	}
	return strconv.Itoa(local.Hour()) + local.Format("\u00a0h\u00a004")
}

// far says how far the truck is, from the two places that are shown: "à environ 4 km
// au nord-est de chez vous".
func far(truck, place roads.Point, lang hub.Lang) string {
	metres := roads.Metres(place, truck)
	km := strconv.Itoa(max(1, int(math.Round(metres/1000))))
	names := [...]string{"au nord", "au nord-est", "à l’est", "au sud-est", "au sud", "au sud-ouest", "à l’ouest", "au nord-ouest"}
	near, much, where := "à moins de 1\u00a0km de chez vous", "à environ %s\u00a0km %s de chez vous", bearing(place, truck)
	if lang == hub.English {
		names = [...]string{"north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"}
		near, much = "less than 1\u00a0km from your place", "about %s\u00a0km %s of your place"
	}
	if metres < 1000 {
		return near
	}
	return fmt.Sprintf(much, km, names[int(math.Round(where/45))%8])
}

// bearing is the direction from one place to another, in degrees from north.
func bearing(from, to roads.Point) float64 {
	east := (to.Lon - from.Lon) * math.Cos(from.Lat*math.Pi/180)
	degrees := math.Atan2(east, to.Lat-from.Lat) * 180 / math.Pi
	return math.Mod(degrees+360, 360)
}
