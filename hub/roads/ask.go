package roads

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Ask is one question in the language of OSRM's table service, which others speak
// too: the places of both sides in one list, and which of them are which.
type Ask struct {
	Coordinates  string // "-72.730000,45.400000;-72.500000,45.500000"
	Sources      string // "0;1", places in Coordinates
	Destinations string // "2;3"
}

// Answer is what such a router says. A place that cannot be reached is null.
type Answer struct {
	Code      string       `json:"code"` // Ok, or what was wrong
	Durations [][]*float64 `json:"durations"`
	Distances [][]*float64 `json:"distances"`
}

// errAnswer is the cause of a failure to read an answer.
var errAnswer = errors.New("reading a table of ways: it is not the one that was asked for")

// Whole puts a table together from questions of at most so many places each. What
// is no place has no way, and is not asked for. A failure of ask comes back as it
// is, an answer of another size as an error that Unread knows.
func Whole(ctx context.Context, from, to []Point, most int, ask func(context.Context, Ask) (Answer, error)) ([][]Leg, error) {
	table := make([][]Leg, len(from))
	for i := range table {
		table[i] = make([]Leg, len(to))
		for j := range table[i] {
			table[i][j].None = true
		}
	}
	rows, columns := usable(from), usable(to)
	high := min(len(rows), max(most/2, most-len(columns)))
	for i := 0; i < len(rows); i += high {
		some := rows[i:min(i+high, len(rows))]
		wide := most - len(some)
		for j := 0; j < len(columns); j += wide {
			b := block{from, to, some, columns[j:min(j+wide, len(columns))]}
			answer, err := ask(ctx, b.ask())
			if err != nil {
				return nil, err
			}
			if err := b.read(answer, table); err != nil {
				return nil, err
			}
		}
	}
	return table, nil
}

// Unread tells that a router answered something else than the table that it was
// asked for.
func Unread(err error) bool { return errors.Is(err, errAnswer) }

func usable(points []Point) []int {
	var at []int
	for i, p := range points {
		if p.Usable() {
			at = append(at, i)
		}
	}
	return at
}

// block is a part of a table: some of its rows and columns.
type block struct {
	from, to      []Point
	rows, columns []int
}

func (b block) ask() Ask {
	var places, sources, destinations []string
	put := func(p Point, side *[]string) {
		*side = append(*side, strconv.Itoa(len(places)))
		places = append(places, fmt.Sprintf("%.6f,%.6f", p.Lon, p.Lat))
	}
	for _, i := range b.rows {
		put(b.from[i], &sources)
	}
	for _, j := range b.columns {
		put(b.to[j], &destinations)
	}
	return Ask{strings.Join(places, ";"), strings.Join(sources, ";"), strings.Join(destinations, ";")}
}

func (b block) read(a Answer, table [][]Leg) error {
	if len(a.Durations) != len(b.rows) || len(a.Distances) != len(b.rows) {
		return errAnswer
	}
	for i, row := range b.rows {
		if len(a.Durations[i]) != len(b.columns) || len(a.Distances[i]) != len(b.columns) {
			return errAnswer
		}
		for j, column := range b.columns {
			leg, err := legOf(a.Distances[i][j], a.Durations[i][j])
			if err != nil {
				return err
			}
			table[row][column] = leg
		}
	}
	return nil
}

// farthest is longer than any way on the earth, in metres and in seconds.
const farthest = 1e9

func legOf(metres, seconds *float64) (Leg, error) {
	if metres == nil || seconds == nil {
		return Leg{None: true}, nil
	}
	for _, n := range []float64{*metres, *seconds} {
		if math.IsNaN(n) || n < 0 || n > farthest {
			return Leg{}, errAnswer
		}
	}
	return Leg{Metres: *metres, Took: time.Duration(*seconds * float64(time.Second))}, nil
}
