package fleet

import (
	"time"

	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// row is how a fix is written for other replicas and for later: short names,
// times in microseconds.
type row struct {
	Device     int64   `json:"d"`
	Technician string  `json:"t,omitempty"`
	Name       string  `json:"n,omitempty"`
	Group      string  `json:"g,omitempty"`
	Lat        float64 `json:"la"`
	Lon        float64 `json:"lo"`
	Speed      float64 `json:"s,omitempty"`
	Course     float64 `json:"c,omitempty"`
	Accuracy   float64 `json:"a,omitempty"`
	Battery    float64 `json:"b,omitempty"`
	At         int64   `json:"at"`
	Heard      int64   `json:"h"`
	Turn       int64   `json:"i,omitempty"`
	Duplicate  bool    `json:"two,omitempty"`
}

func rowOf(x fix.Fix) row {
	return row{
		Device: x.Device, Technician: x.Technician, Name: x.Name, Group: x.Group, Lat: x.Lat, Lon: x.Lon, Speed: x.SpeedKmh,
		Course: x.Course, Accuracy: x.Accuracy, Battery: x.Battery, At: x.At.UnixMicro(), Heard: x.Heard.UnixMicro(),
		Turn: x.Turn, Duplicate: x.Duplicate,
	}
}

func (r row) fix() fix.Fix {
	return fix.Fix{
		Device: r.Device, Technician: r.Technician, Name: r.Name, Group: r.Group, Lat: r.Lat, Lon: r.Lon, SpeedKmh: r.Speed, Course: r.Course,
		Accuracy: r.Accuracy, Battery: r.Battery, At: time.UnixMicro(r.At).UTC(), Heard: time.UnixMicro(r.Heard).UTC(),
		Turn: r.Turn, Duplicate: r.Duplicate,
	}
}

func fixesOf(rows []row) []fix.Fix {
	fixes := make([]fix.Fix, 0, len(rows))
	for _, r := range rows {
		fixes = append(fixes, r.fix())
	}
	return fixes
}

func rowsOf(fixes []fix.Fix) []row {
	rows := make([]row, 0, len(fixes))
	for _, x := range fixes {
		rows = append(rows, rowOf(x))
	}
	return rows
}
