package trail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// write adds points to the days of a technician.
func (t *Trail) write(ctx context.Context, technician string, points []point) error {
	days := map[string][]point{}
	for _, p := range points {
		days[dayOf(p.at)] = append(days[dayOf(p.at)], p)
	}
	for day, own := range days {
		err := t.add(ctx, technician, day, own)
		if hub.IsKind(err, hub.Conflict) { // the former writer was not done
			err = t.add(ctx, technician, day, own)
		}
		if err != nil {
			return fmt.Errorf("writing the trail of %s: %w", technician, err)
		}
	}
	return nil
}

func dayOf(at time.Time) string { return at.UTC().Format(time.DateOnly) }

func key(technician, day string) string { return "tracking:trail:" + technician + ":" + day }

// add merges points into a day. Those that are there already are dropped: after a
// failure, or a takeover, some come again. Those that are too old are taken out.
func (t *Trail) add(ctx context.Context, technician, day string, points []point) error {
	begin, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return fmt.Errorf("reading the day %s: %w", day, err)
	}
	have, version, err := t.read(ctx, technician, day)
	if errors.Is(err, errForm) {
		t.Log.WarnContext(ctx, "a damaged day of the history is begun again", "technician", technician, "day", day)
	} else if err != nil {
		return err
	}
	known := make(map[instant]bool, len(have))
	for _, p := range have {
		known[p.instant] = true
	}
	n := len(have)
	for _, p := range points {
		if !known[p.instant] {
			have, known[p.instant] = append(have, p), true
		}
	}
	if len(have) == n {
		return nil
	}
	now := t.Now()
	have = slices.DeleteFunc(have, func(p point) bool { return now.Sub(p.at) > t.Retention })
	if len(have) == 0 {
		return nil
	}
	slices.SortStableFunc(have, func(a, b point) int { return a.at.Compare(b.at) })
	left := max(time.Second, have[len(have)-1].at.Add(t.Retention).Sub(now)) // the value ends with its newest point
	raw := encode(begin, have)
	for len(raw) > keep.ValueMax {
		have = halved(have)
		raw = encode(begin, have)
	}
	_, err = t.Store.Swap(ctx, key(technician, day), version, raw, left)
	return err
}

func (t *Trail) read(ctx context.Context, technician, day string) ([]point, int64, error) {
	raw, version, err := t.Store.Value(ctx, key(technician, day))
	if hub.IsKind(err, hub.NotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	begin, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return nil, 0, err
	}
	points, err := decode(begin, raw)
	return points, version, err
}
