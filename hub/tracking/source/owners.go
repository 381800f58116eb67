package source

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// owners says who carries which device. A technician's traccar_device_id holds
// Traccar's number of the device, or else what the device calls itself; several
// with commas between them.
type owners struct {
	asOf    time.Time
	by      map[string]agenda.Technician // the text of traccar_device_id
	twice   map[string]bool              // what several technicians claim
	devices map[string]int               // how many known devices a technician carries
}

// of tells who carries a device. A number that is one's own and what another calls
// itself means both: they are marked as several of one technician.
func (o owners) of(id int64, unique string) (agenda.Technician, bool) {
	t, found := o.by[strconv.FormatInt(id, 10)]
	if !found && unique != "" {
		t, found = o.by[unique]
	}
	return t, found
}

// ownersOf reads who carries what. Of two who claim the same the first by name has it.
func ownersOf(crew []agenda.Technician) owners {
	o := owners{by: map[string]agenda.Technician{}, twice: map[string]bool{}, devices: map[string]int{}}
	slices.SortFunc(crew, func(a, b agenda.Technician) int { return cmp.Compare(a.Name, b.Name) })
	for _, t := range crew {
		if !t.Active {
			continue
		}
		for key := range strings.SplitSeq(t.Device, ",") {
			key = strings.TrimSpace(key)
			switch first, taken := o.by[key]; {
			case key == "":
			case !taken:
				o.by[key] = t
			case first.Name != t.Name:
				o.twice[key] = true
			}
		}
	}
	return o
}

// learn notes what Traccar says of devices. It says it again whenever a device was
// heard, so mostly nothing is new.
func (s *Source) learn(devices []traccar.Device) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range devices {
		was, known := s.devices[d.ID]
		fresh := device{unique: cmp.Or(d.UniqueID, was.unique), name: cmp.Or(d.Name, was.name)} // of an event little may be told
		if d.ID <= 0 || was == fresh || !known && len(s.devices) >= s.deps.Most {
			continue
		}
		s.devices[d.ID], s.stale = fresh, true
	}
}

// makeRoom forgets the devices when there are as many as may be known, before all
// that there are now are learned.
func (s *Source) makeRoom() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.devices) >= s.deps.Most {
		s.devices, s.stale = map[int64]device{}, true
	}
}

// settle finds the owners anew where that is needed: when the crew has changed, and
// for the sake of devices that are new if thorough, which every now and then is
// enough. Fixes that waited are taken in; the replica that leads tells the fleet
// whose the devices are now.
func (s *Source) settle(thorough bool) {
	s.mu.Lock()
	if s.deps.Crew == nil || !s.refresh(thorough) {
		s.mu.Unlock()
		return
	}
	ready := make([]fix.Fix, 0, len(s.waiting))
	for _, x := range s.waiting {
		ready = append(ready, x)
	}
	clear(s.waiting)
	s.mu.Unlock()
	s.give(ready)
	if s.Lead() {
		s.relabel()
	}
}

// refresh makes owners when it is out of date, and tells whether it did. The
// caller holds the lock.
func (s *Source) refresh(thorough bool) bool {
	asOf := s.deps.Crew.AsOf()
	if asOf.IsZero() || asOf.Equal(s.owners.asOf) && !(thorough && s.stale) {
		return false
	}
	fresh := ownersOf(s.deps.Crew.Technicians())
	fresh.asOf = asOf
	for key := range fresh.twice {
		if !s.owners.twice[key] { // told when it is first seen
			s.deps.Log.Warn("device of two technicians", "technician", fresh.by[key].Name)
		}
	}
	for id, d := range s.devices {
		if t, found := fresh.of(id, d.unique); found {
			if fresh.devices[t.Name]++; fresh.devices[t.Name] == 2 && s.owners.devices[t.Name] < 2 {
				s.deps.Log.Warn("technician with several devices", "technician", t.Name)
			}
		}
	}
	s.owners, s.stale = fresh, false
	return true
}

// label says whose fix it is. The caller holds the lock.
func (s *Source) label(x fix.Fix) fix.Fix {
	d := s.devices[x.Device]
	x.Technician, x.Group, x.Name, x.Duplicate = "", "", cmp.Or(d.name, d.unique, strconv.FormatInt(x.Device, 10)), false
	if t, found := s.owners.of(x.Device, d.unique); found {
		x.Technician, x.Group, x.Name = t.Name, t.Group, cmp.Or(t.FullName, t.Name)
		x.Duplicate = s.owners.devices[t.Name] > 1
	}
	return x
}

// relabel tells the fleet whose the devices are whose owners have changed. What
// one sent while it was not that of its new owner, who was off shift then, is
// nobody's.
func (s *Source) relabel() {
	var changed []fix.Fix
	for _, x := range s.deps.Fleet.All() {
		s.mu.Lock()
		_, known := s.devices[x.Device]
		y := s.label(x)
		s.mu.Unlock()
		if !known { // since the start: whose it was is better than a guess
			continue
		}
		if y.Technician != x.Technician && !s.atWork(y) {
			y.Technician, y.Group, y.Name, y.Duplicate = "", "", strconv.FormatInt(y.Device, 10), false
			if x.Technician == "" {
				continue
			}
		}
		if y == x {
			continue
		}
		// The same fix must overtake itself, in every replica alike; the next one
		// overtakes it by far more.
		y.Heard = y.Heard.Add(time.Microsecond)
		changed = append(changed, y)
	}
	s.deps.Fleet.Take(changed...)
}

func (s *Source) atWork(x fix.Fix) bool {
	return x.Technician == "" || s.deps.Crew == nil || s.deps.Crew.OnShift(x.Technician, x.At)
}
