package console

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// man is a technician. Without a fix Status is fix.None.
type man struct {
	Name, FullName, Group, Initials string
	Placed                          bool
	Lat, Lon                        float64
	Age, Speed                      int // seconds, km/h
	Status                          fix.Status
	Shown, Since                    string // the status and the age, in words
	Twice                           bool   // carries more than one device
	Doing                           string // what he does now, or goes to next
	Away                            string // how far that is, as the crow flies
}

// work is a visit to a customer.
type work struct {
	Name, Window, Status, Shown, What, Where, Technician string
	Placed                                               bool
	Lat, Lon                                             float64
	Final                                                bool
}

func manOf(say speech, t agenda.Technician, f fix.Fix, visits []agenda.Visit) man {
	p := man{Name: t.Name, FullName: t.FullName, Group: t.Group, Initials: initials(t.FullName), Status: f.Status(say.now), Twice: f.Duplicate}
	p.Shown = p.Status.In(say.lang)
	if !f.None() {
		seen := f.View(say.now)
		p.Placed, p.Lat, p.Lon, p.Age, p.Speed = true, seen.Lat, seen.Lon, int(seen.AgeS), int(seen.SpeedKmh+0.5)
		p.Since = say.ago(p.Age)
		if p.Status == fix.Moving {
			p.Since = fmt.Sprintf("%s · %d km/h", p.Since, p.Speed)
		}
	}
	v, busy := current(visits, t.Name)
	if !busy {
		return p
	}
	p.Doing = join(" · ", say.T["status."+v.Status], say.window(v), cmp.Or(v.Subject, v.JobType), v.Address)
	if p.Placed && v.Placed {
		p.Away = fmt.Sprintf(say.T["away"], say.distance(roads.Metres(roads.Point{Lat: f.Lat, Lon: f.Lon}, v.Place)))
	}
	return p
}

// current is the visit that a technician turned to last, or else the next one.
func current(visits []agenda.Visit, technician string) (found agenda.Visit, ok bool) {
	for _, v := range visits {
		if v.Technician == technician && !v.Final() && (!ok || turned(v).After(turned(found))) {
			found, ok = v, true
		}
	}
	return found, ok
}

// turned is when somebody turned to a visit that is under way, as far as that is known.
func turned(v agenda.Visit) time.Time {
	switch {
	case !v.UnderWay():
		return time.Time{}
	case v.StartedAt.After(v.EnRouteAt):
		return v.StartedAt
	case v.EnRouteAt.IsZero():
		return time.Unix(0, 0)
	}
	return v.EnRouteAt
}

func workOf(say speech, v agenda.Visit, names map[string]string) work {
	return work{
		Name: v.Job, Window: say.window(v), Status: v.Status, Shown: cmp.Or(say.T["status."+v.Status], v.Status), What: cmp.Or(v.Subject, v.JobType, v.Job),
		Where: join(", ", v.CustomerName, v.Address), Technician: cmp.Or(names[v.Technician], v.Technician),
		Placed: v.Placed, Lat: v.Place.Lat, Lon: v.Place.Lon, Final: v.Final(),
	}
}

func join(with string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), with)
}

// initials are one letter of the first name and one of the last.
func initials(name string) string {
	fields := strings.FieldsFunc(name, unicode.IsSpace)
	if len(fields) == 0 {
		return "?"
	}
	first := []rune(fields[0])[:1]
	if len(fields) > 1 {
		first = append(first, []rune(fields[len(fields)-1])[0])
	}
	return strings.ToUpper(string(first))
}
