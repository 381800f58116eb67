package contract

import (
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/schedule"
	"gigafibre.ca/targo-hub/hub/web"
)

// Mount registers the routes of the rooms.
func (d *Desk) Mount(r *web.Router) {
	for _, room := range d.rooms {
		if part, has := room.(interface{ Mount(*web.Router) }); has {
			part.Mount(r)
		}
	}
}

// Work says what the rooms do in the background.
func (d *Desk) Work() []keep.Work {
	var all []keep.Work
	for _, room := range d.rooms {
		if part, has := room.(interface{ Work() []keep.Work }); has {
			all = append(all, part.Work()...)
		}
	}
	return all
}

// Tasks are what they do by the clock.
func (d *Desk) Tasks() []schedule.Task {
	var all []schedule.Task
	for _, room := range d.rooms {
		if part, has := room.(interface{ Tasks() []schedule.Task }); has {
			all = append(all, part.Tasks()...)
		}
	}
	return all
}
