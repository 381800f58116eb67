// Package spend counts what is spent on Gemini: how many pictures a person, and
// all together, may have read in a day.
//
// It calls no system; it remembers two counts a day, for two days.
package spend

import (
	"context"
	"strconv"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// Values is where the counts are kept (keep.Values).
type Values interface {
	Value(ctx context.Context, key string) (value []byte, version int64, err error)
	Swap(ctx context.Context, key string, version int64, value []byte, ttl time.Duration) (int64, error)
}

// Limits are pictures a day; 0 is none, a negative one no limit.
type Limits struct {
	Person int
	Total  int
}

// Purse is what may be spent.
type Purse struct {
	values Values
	limits Limits
	now    func() time.Time
}

const (
	kept     = 48 * time.Hour
	attempts = 100
)

// New makes a purse; now may be nil.
func New(values Values, limits Limits, now func() time.Time) *Purse {
	if now == nil {
		now = time.Now
	}
	return &Purse{values, limits, now}
}

// Take takes one picture for a person, or fails as TooMany until the day is over.
// back gives it back when nothing was spent after all.
func (p *Purse) Take(ctx context.Context, person string) (back func(context.Context), err error) {
	day := p.now().In(hub.Local()).Format(time.DateOnly)
	own, all := "vision:spend:"+day+":"+person, "vision:spend:"+day
	if err := p.add(ctx, own, 1, p.limits.Person); err != nil {
		return nil, p.refuse(err, "You have had as many pictures read today as one person may; codes are still read without it.")
	}
	if err := p.add(ctx, all, 1, p.limits.Total); err != nil {
		_ = p.add(ctx, own, -1, -1)
		return nil, p.refuse(err, "As many pictures were read today as the settings allow; codes are still read without it.")
	}
	return func(ctx context.Context) {
		_ = p.add(ctx, own, -1, -1) // at worst one picture less
		_ = p.add(ctx, all, -1, -1)
	}, nil
}

// errSpent is that nothing is left.
type errSpent struct{}

func (errSpent) Error() string { return "nothing left for today" }

func (p *Purse) refuse(err error, words string) error {
	if _, spent := err.(errSpent); !spent { //nolint:errorlint // never wrapped
		return err
	}
	return hub.Fail(hub.TooMany, "vision-limit", words, err, hub.WithRetryAfter(p.untilTomorrow()))
}

func (p *Purse) untilTomorrow() time.Duration {
	now := p.now().In(hub.Local())
	return time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, now.Location()).Sub(now)
}

// add changes a count; what would rise above its limit stays.
func (p *Purse) add(ctx context.Context, key string, by, limit int) error {
	if by > 0 && limit == 0 {
		return errSpent{}
	}
	var last error
	for range attempts {
		value, version, err := p.values.Value(ctx, key)
		if err != nil && !hub.IsKind(err, hub.NotFound) {
			return err
		}
		count, _ := strconv.Atoi(string(value))
		if by > 0 && limit > 0 && count >= limit {
			return errSpent{}
		}
		_, last = p.values.Swap(ctx, key, version, []byte(strconv.Itoa(max(count+by, 0))), kept)
		if last == nil || !hub.IsKind(last, hub.Conflict) {
			return last
		}
	}
	return last
}
