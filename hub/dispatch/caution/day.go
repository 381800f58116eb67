package caution

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// ofPerson looks at who has the job.
func ofPerson(job *erpnext.DispatchJob, visits []visit) (found []Warning) {
	for _, v := range visits {
		if v.Technician != job.AssignedTech {
			continue
		}
		if job.AssignedGroup != "" && v.Group != job.AssignedGroup {
			found = append(found, Warning{Code: OtherGroup,
				Detail: fmt.Sprintf("The work order waits for the group %s; %s is of %s.", job.AssignedGroup, v.Technician, cmp.Or(v.Group, "none"))})
		}
		if v.State == "paused" || v.State == "off" {
			found = append(found, Warning{Code: Away, Detail: fmt.Sprintf("%s is %s at present.", v.Technician, v.State)})
		}
		return found
	}
	return nil
}

// ofDay looks at what else there is to do on the day of the job. Work that is done
// took its hours, and is in nobody's way.
func ofDay(job *erpnext.DispatchJob, visits []visit) (found []Warning) {
	hours, most, at, spans := job.DurationH, 0.0, []string{}, []string{}
	mine := visit{Start: job.StartTime, Duration: job.DurationH}
	for _, v := range visits {
		if v.Technician != job.AssignedTech {
			continue
		}
		most = v.Hours
		if v.Date != job.ScheduledDate || v.Name == job.Name {
			continue
		}
		hours += v.Duration
		if !machine.Final(v.Status) && mine.meets(v) {
			at, spans = append(at, v.Name), append(spans, v.Name+" "+v.span())
		}
	}
	if len(at) > 0 {
		found = append(found, Warning{Code: Overlap, Jobs: at,
			Detail: fmt.Sprintf("%s has other work at that time: %s.", job.AssignedTech, strings.Join(spans, ", "))})
	}
	if most > 0 && hours > most+slack {
		found = append(found, Warning{Code: TooLong,
			Detail: fmt.Sprintf("%s has %g h of work on %s, and works %g h a day.", job.AssignedTech, round(hours), job.ScheduledDate, most)})
	}
	return found
}

// slack keeps thirds of hours from being more than their sum.
const slack = 0.01

func round(hours float64) float64 { return float64(int(hours*100+0.5)) / 100 }

// meets tells whether two visits take place at the same time. One whose length is
// not known is there when it begins; one whose hour is open is in nobody's way.
func (v visit) meets(other visit) bool {
	from, to, known := v.times()
	otherFrom, otherTo, otherKnown := other.times()
	return known && otherKnown && from.Before(otherTo) && otherFrom.Before(to)
}

func (v visit) times() (from, to time.Time, known bool) {
	from, err := time.Parse(time.TimeOnly, ledger.Clock(v.Start))
	long := max(time.Duration(v.Duration*float64(time.Hour)).Round(time.Minute), time.Minute)
	return from, from.Add(long), err == nil
}

// span is "13:30-21:30".
func (v visit) span() string {
	from, to, _ := v.times()
	if v.Duration <= 0 {
		return from.Format("15:04")
	}
	return from.Format("15:04") + "-" + to.Format("15:04")
}
