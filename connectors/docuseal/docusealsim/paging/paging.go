// Package paging answers lists as DocuSeal does: newest first, 10 at a time and at
// most 100, with cursors that read backwards.
package paging

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"gigafibre.ca/targo-hub/simkit"
)

// Feed pages by whole seconds, newest first, so the cursors read
// backwards: before=T gives what was completed at T+1 s or later, after=T what
// was completed before T.
func Feed(w http.ResponseWriter, q url.Values, rows []Completion) {
	slices.SortStableFunc(rows, func(a, b Completion) int { return b.At.Compare(a.At) })
	after, before := number(q.Get("after")), number(q.Get("before"))
	rows = slices.DeleteFunc(rows, func(c Completion) bool {
		return after != 0 && !c.At.Before(time.Unix(after, 0)) || before != 0 && c.At.Before(time.Unix(before+1, 0))
	})
	rows = rows[:min(len(rows), pageSize(q))]
	out := list{Data: []any{}, Pagination: pagination{Count: len(rows)}}
	for _, c := range rows {
		out.Data = append(out.Data, c.View)
	}
	if len(rows) > 0 {
		first, last := rows[0].At.Unix(), rows[len(rows)-1].At.Unix()
		out.Pagination.Prev, out.Pagination.Next = &first, &last
	}
	simkit.WriteJSON(w, http.StatusOK, out)
}

// Page pages by id, newest first: after=ID gives lower ids, before=ID
// higher ones.
func Page[T any](w http.ResponseWriter, q url.Values, rows []T, id func(T) int64, view func(T) any) {
	after, before := number(q.Get("after")), number(q.Get("before"))
	var kept []T
	for _, row := range rows {
		if n := id(row); (after == 0 || n < after) && (before == 0 || n > before) {
			kept = append(kept, row)
		}
	}
	kept = kept[:min(len(kept), pageSize(q))]
	out := list{Data: []any{}, Pagination: pagination{Count: len(kept)}}
	for _, row := range kept {
		out.Data = append(out.Data, view(row))
	}
	if len(kept) > 0 {
		first, last := id(kept[0]), id(kept[len(kept)-1])
		out.Pagination.Prev, out.Pagination.Next = &first, &last
	}
	simkit.WriteJSON(w, http.StatusOK, out)
}

func pageSize(q url.Values) int {
	n := int(number(q.Get("limit")))
	if n <= 0 {
		return 10
	}
	return min(n, 100)
}

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

type list struct {
	Data       []any      `json:"data"`
	Pagination pagination `json:"pagination"`
}

type pagination struct {
	Count int    `json:"count"`
	Next  *int64 `json:"next"`
	Prev  *int64 `json:"prev"`
}

// Completion is an item of the feed.
type Completion struct {
	At   time.Time
	View Event
}

// Event is what webhooks and the feed have in common.
type Event struct {
	EventType string `json:"event_type"`
	Timestamp string `json:"timestamp"`
	Data      any    `json:"data"`
}
