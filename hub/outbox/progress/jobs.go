package progress

import "gigafibre.ca/targo-hub/hub/keep"

// Of is the word for where a message's job stands.
func Of(job keep.Job) string {
	switch job.Status {
	case keep.Pending:
		return Queued
	case keep.Running:
		return Sending
	case keep.Cancelled:
		return Cancelled
	case keep.Dead:
		if job.State == "" {
			return Failed
		}
	case keep.Held:
		if job.State == "" {
			return Captured
		}
	case keep.Done:
		if job.State == "" {
			return Sent
		}
	}
	return job.State
}

// Filter finds the jobs that are shown with a word, all of them without one.
func Filter(status string) keep.Filter {
	switch status {
	case "":
		return keep.Filter{}
	case Queued:
		return keep.Filter{Status: keep.Pending}
	case Sending:
		return keep.Filter{Status: keep.Running}
	case Cancelled:
		return keep.Filter{Status: keep.Cancelled}
	case Failed, MaybeSent:
		return keep.Filter{Status: keep.Dead, State: status}
	case Captured:
		return keep.Filter{Status: keep.Held, State: status}
	case Sent:
		return keep.Filter{Status: keep.Done, State: status}
	default:
		return keep.Filter{State: status} // a report settles what was sent and what nobody knew of
	}
}
