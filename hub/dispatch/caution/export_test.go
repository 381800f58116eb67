package caution

// Meet tells whether visits of two hours and lengths take place at the same time.
func Meet(start string, hours float64, otherStart string, otherHours float64) bool {
	return visit{Start: start, Duration: hours}.meets(visit{Start: otherStart, Duration: otherHours})
}
