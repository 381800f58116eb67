package rule

import (
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/contract/orphans/census"
)

const (
	issues  = "Issue"
	devices = "Service Equipment"
)

func thingRules() []Rule {
	return []Rule{
		{"issue-left-open", Warning, issues, view.leftOpen},
		{"equipment-without-place", Error, devices, view.withoutPlace},
		{"equipment-of-cancelled", Warning, devices, view.ofCancelled},
	}
}

// touched is how long after the last job an issue may still be written by what
// follows from it. Who writes later has something to say.
const touched = 10 * time.Minute

// leftOpen: the work is done, the request was not closed. One that somebody wrote
// to since is not closed by a machine.
func (v view) leftOpen() (found []Finding) {
	for _, i := range v.Issues {
		tasks := v.Tasks(i.Name)
		if i.Beside || !i.Open() || len(tasks) == 0 || slices.ContainsFunc(tasks, func(j *census.Job) bool { return !j.Final() }) {
			continue
		}
		last := slices.MaxFunc(tasks, func(a, b *census.Job) int { return a.Ended().Compare(b.Ended()) })
		if last.Status != erpnext.JobCompleted {
			continue
		}
		f := v.about(i.Head, last.Name)
		if !i.Modified.Time.After(last.Modified.Time.Add(touched)) {
			f = f.mended(i.Head, erpnext.Values{"status": erpnext.IssueClosed})
		}
		found = append(found, f)
	}
	return found
}

// withoutPlace: a device is in use, and nobody knows at whose place. Its
// subscription may know.
func (v view) withoutPlace() (found []Finding) {
	for _, d := range v.Devices {
		if d.Beside || (d.Customer != "" && d.ServiceLocation != "") {
			continue
		}
		f := v.about(d.Head)
		s := v.Subscription(d.Subscription)
		if s != nil && s.Status != erpnext.StatusCancelled && s.ServiceLocation != "" && (d.Customer == "" || d.Customer == s.Customer) {
			f = v.about(d.Head, s.Name).mended(d.Head, erpnext.Values{"customer": s.Customer, "service_location": s.ServiceLocation})
		}
		found = append(found, f)
	}
	return found
}

// ofCancelled: the service has ended, the device was not fetched.
func (v view) ofCancelled() (found []Finding) {
	for _, d := range v.Devices {
		if s := v.Subscription(d.Subscription); !d.Beside && s != nil && s.Status == erpnext.StatusCancelled {
			found = append(found, v.about(d.Head, s.Name))
		}
	}
	return found
}
