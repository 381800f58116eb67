package roads_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/hub/roads"
)

// router answers what the line numbers of two places give: the leg from row i to
// column j is as long as their longitudes are apart.
func router(t interface{ Errorf(string, ...any) }, most int, asked *int) func(context.Context, roads.Ask) (roads.Answer, error) {
	return func(_ context.Context, ask roads.Ask) (roads.Answer, error) {
		*asked++
		places := strings.Split(ask.Coordinates, ";")
		if len(places) > most || len(places) < 2 {
			t.Errorf("%d places in one question", len(places))
		}
		lon := func(index string) (x float64) {
			var i int
			var lat float64
			if _, err := fmt.Sscan(index, &i); err != nil {
				t.Errorf("index %q", index)
			}
			if _, err := fmt.Sscanf(places[i], "%f,%f", &x, &lat); err != nil || lat != 45 {
				t.Errorf("place %q", places[i])
			}
			return x
		}
		a := roads.Answer{Code: "Ok"}
		for from := range strings.SplitSeq(ask.Sources, ";") {
			var row []*float64
			for to := range strings.SplitSeq(ask.Destinations, ";") {
				way := lon(to) - lon(from)
				row = append(row, &way)
			}
			a.Durations, a.Distances = append(a.Durations, row), append(a.Distances, row)
		}
		return a, nil
	}
}

// TestTablesOfEverySize are the same, however small the questions are; and they are
// not more of them than need be.
func TestTablesOfEverySize(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(2, 30).Draw(t, "most")
		from, to := make([]roads.Point, rapid.IntRange(0, 40).Draw(t, "from")), make([]roads.Point, rapid.IntRange(0, 40).Draw(t, "to"))
		gone := map[string]bool{}
		fill := func(points []roads.Point, side string, offset float64) (usable int) {
			for i := range points {
				if rapid.IntRange(0, 9).Draw(t, "gone") == 0 {
					gone[fmt.Sprint(side, i)] = true
					continue
				}
				usable++
				points[i] = roads.Point{Lat: 45, Lon: offset + float64(i)}
			}
			return usable
		}
		rows, columns := fill(from, "from", 0), fill(to, "to", 100)
		asked := 0
		table, err := roads.Whole(t.Context(), from, to, most, router(t, most, &asked))
		if err != nil || len(table) != len(from) {
			t.Fatalf("%d rows, %v", len(table), err)
		}
		for i, row := range table {
			for j, leg := range row {
				none := gone[fmt.Sprint("from", i)] || gone[fmt.Sprint("to", j)]
				want := float64(100 + j - i)
				if leg.None != none || !none && (leg.Metres != want || leg.Took != time.Duration(want)*time.Second) {
					t.Fatalf("%d to %d is %+v", i, j, leg)
				}
			}
		}
		if rows+columns <= most && asked > 1 || rows*columns == 0 && asked > 0 {
			t.Fatalf("%d and %d places, %d at once: %d questions", rows, columns, most, asked)
		}
	})
}

// TestAnswersThatCannotBeRead are no ways.
func TestAnswersThatCannotBeRead(t *testing.T) {
	t.Parallel()
	from, to := []roads.Point{{Lat: 45, Lon: 1}}, []roads.Point{{Lat: 45, Lon: 2}, {Lat: 45, Lon: 3}}
	number := func(n float64) *float64 { return &n }
	good := [][]*float64{{number(60), nil}}
	for name, tc := range map[string]struct {
		answer roads.Answer
		wrong  bool
	}{
		"good":         {roads.Answer{Durations: good, Distances: good}, false},
		"no distances": {roads.Answer{Durations: good}, true},
		"a row more":   {roads.Answer{Durations: append(good, good[0]), Distances: append(good, good[0])}, true},
		"a short row":  {roads.Answer{Durations: [][]*float64{{number(1)}}, Distances: good}, true},
		"below zero":   {roads.Answer{Durations: good, Distances: [][]*float64{{number(-1), nil}}}, true},
		"beyond":       {roads.Answer{Durations: [][]*float64{{number(1e12), nil}}, Distances: good}, true},
	} {
		table, err := roads.Whole(t.Context(), from, to, 25, func(context.Context, roads.Ask) (roads.Answer, error) { return tc.answer, nil })
		if roads.Unread(err) != tc.wrong || err == nil == tc.wrong {
			t.Errorf("%s: %v", name, err)
		}
		if !tc.wrong && (table[0][0].Took != time.Minute || !table[0][1].None) {
			t.Errorf("%s: %+v", name, table)
		}
	}
	away := errors.New("away")
	if _, err := roads.Whole(t.Context(), from, to, 25, func(context.Context, roads.Ask) (roads.Answer, error) { return roads.Answer{}, away }); !errors.Is(err, away) || roads.Unread(err) {
		t.Errorf("a failure came back as %v", err)
	}
}
