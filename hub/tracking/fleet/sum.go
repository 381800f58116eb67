package fleet

import (
	"math"
	"time"

	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// margin keeps fixes that are about to be forgotten out of the sum: replicas forget
// them at different moments.
const margin = time.Hour

// sum is the same for replicas that know the same.
type sum struct {
	Devices int    `json:"devices"`
	Fixes   uint64 `json:"fixes"`
}

// sum adds up what is known.
func (f *Fleet) sum() sum {
	now := f.deps.Now()
	f.mu.RLock()
	defer f.mu.RUnlock()
	var s sum
	for _, x := range f.last {
		if x.Age(now) > fix.Oldest-margin {
			continue
		}
		s.Devices++
		one := uint64(x.Device)
		for _, part := range []uint64{
			uint64(x.At.UnixMicro()), uint64(x.Heard.UnixMicro()), math.Float64bits(x.Lat), math.Float64bits(x.Lon),
			math.Float64bits(x.SpeedKmh), math.Float64bits(x.Course),
		} {
			one = scatter(one) + part
		}
		s.Fixes += scatter(one)
	}
	return s
}

// scatter spreads a number over all bits (the finish of SplitMix64), the same way
// in every process.
func scatter(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}
