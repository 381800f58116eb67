package fleet

import "gigafibre.ca/targo-hub/hub/tracking/fix"

// merge keeps of each device the newest fix, and returns what has changed.
func (f *Fleet) merge(fixes []fix.Fix, here bool) (changed []fix.Fix) {
	now := f.deps.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	at := make(map[int64]int, len(fixes)) // where in changed a device stands
	for _, x := range fixes {
		was, known := f.last[x.Device]
		if known && !x.Newer(was) || x.Age(now) > fix.Oldest || !known && !f.room(x) {
			continue
		}
		f.last[x.Device] = x
		f.carry(x, was)
		if here {
			f.pending[x.Device], f.unsaved = x, true
		}
		if i, twice := at[x.Device]; twice {
			changed[i] = x
			continue
		}
		at[x.Device] = len(changed)
		changed = append(changed, x)
	}
	return changed
}

// room tells whether a device that is new can be known. When there are too many,
// those of technicians go before those of nobody.
func (f *Fleet) room(x fix.Fix) bool {
	if len(f.last) < f.deps.Most {
		return true
	}
	f.crowded.Inc()
	if x.Technician == "" {
		return false
	}
	for device, y := range f.last {
		if y.Technician == "" {
			delete(f.last, device)
			delete(f.pending, device)
			return true
		}
	}
	return false
}

// carry keeps in mind which device says where a technician is: the one with the
// newest fix of those that he carries.
func (f *Fleet) carry(x, was fix.Fix) {
	if was.Technician != x.Technician && f.carried[was.Technician] == x.Device {
		delete(f.carried, was.Technician)
		for _, y := range f.last {
			f.prefer(y, was.Technician)
		}
	}
	f.prefer(x, x.Technician)
}

func (f *Fleet) prefer(x fix.Fix, technician string) {
	if technician == "" || x.Technician != technician {
		return
	}
	if best, carries := f.carried[technician]; !carries || x.Newer(f.last[best]) {
		f.carried[technician] = x.Device
	}
}
