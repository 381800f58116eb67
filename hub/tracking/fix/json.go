package fix

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// View is a fix as staff see it, the same in every answer and stream.
type View struct {
	Technician string  `json:"technician,omitempty" doc:"Dispatch Technician; missing when the device is nobody's"`
	Name       string  `json:"name" doc:"Of the technician, else of the device"`
	Device     int64   `json:"device" doc:"Traccar's number of the device"`
	Lat        float64 `json:"lat"`
	Lon        float64 `json:"lon"`
	SpeedKmh   float64 `json:"speed_kmh"`
	Course     float64 `json:"course" doc:"Degrees from north, clockwise"`
	AccuracyM  float64 `json:"accuracy_m" doc:"Radius in metres; 0 when unknown"`
	At         string  `json:"at" doc:"When the receiver knew the place"`
	AgeS       int64   `json:"age_s" doc:"Seconds since then"`
	Status     Status  `json:"status" enum:"moving,stopped,stale,lost,none"`
	Duplicate  bool    `json:"duplicate_device,omitempty" doc:"The technician carries more than one device"`
}

// View shows the fix as it is at an instant: the place to 0.1 m, the speed to
// 0.1 km/h, the course to a degree.
func (f Fix) View(now time.Time) View {
	return View{
		Technician: f.Technician, Name: f.Name, Device: f.Device,
		Lat: round(f.Lat, 6), Lon: round(f.Lon, 6),
		SpeedKmh: round(f.SpeedKmh, 1), Course: math.Mod(round(f.Course, 0), 360), AccuracyM: round(f.Accuracy, 1),
		At: f.At.UTC().Format(layout), AgeS: int64(f.Age(now) / time.Second), Status: f.Status(now), Duplicate: f.Duplicate,
	}
}

func round(value float64, places int) float64 {
	unit := math.Pow10(places)
	if value = math.Round(value*unit) / unit; value == 0 {
		return 0 // -0 would be written with its sign
	}
	return value
}

// layout has milliseconds only where there are any.
const layout = "2006-01-02T15:04:05.999Z"

// Append writes the View of the fix at the end of a buffer, byte for byte as
// encoding/json would, and allocates nothing else for ordinary names.
func (f Fix) Append(to []byte, now time.Time) []byte {
	to = append(to, '{')
	if f.Technician != "" {
		to = append(to, `"technician":`...)
		to = append(text(to, f.Technician), ',')
	}
	to = append(to, `"name":`...)
	to = text(to, f.Name)
	to = append(to, `,"device":`...)
	to = strconv.AppendInt(to, f.Device, 10)
	to = number(to, `,"lat":`, round(f.Lat, 6))
	to = number(to, `,"lon":`, round(f.Lon, 6))
	to = number(to, `,"speed_kmh":`, round(f.SpeedKmh, 1))
	to = number(to, `,"course":`, math.Mod(round(f.Course, 0), 360))
	to = number(to, `,"accuracy_m":`, round(f.Accuracy, 1))
	to = append(to, `,"at":"`...)
	to = f.At.UTC().AppendFormat(to, layout)
	to = append(to, `","age_s":`...)
	to = strconv.AppendInt(to, int64(f.Age(now)/time.Second), 10)
	to = append(to, `,"status":"`...)
	to = append(to, f.Status(now)...)
	to = append(to, '"')
	if f.Duplicate {
		to = append(to, `,"duplicate_device":true`...)
	}
	return append(to, '}')
}

func number(to []byte, name string, value float64) []byte {
	return strconv.AppendFloat(append(to, name...), value, 'f', -1, 64)
}

// text writes a string. What needs care is left to encoding/json.
func text(to []byte, s string) []byte {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, careful) {
		quoted, err := json.Marshal(s)
		if err != nil { // no string makes it fail
			return append(to, `""`...)
		}
		return append(to, quoted...)
	}
	return append(append(append(to, '"'), s...), '"')
}

func careful(r rune) bool {
	return r < ' ' || r == 0x7f || strings.ContainsRune("\"\\<>&\u2028\u2029", r)
}
