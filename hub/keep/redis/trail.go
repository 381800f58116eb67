package redis

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
	goredis "github.com/redis/go-redis/v9"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis/form"
	"gigafibre.ca/targo-hub/hub/keep/redis/script"
)

const readChunk = 500 // records read at a time

// Audit implements keep.Trail.
func (e *Engine) Audit(ctx context.Context, record keep.Record) error {
	if record.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("making an id: %w", err)
		}
		record.ID = id.String()
	}
	text, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("writing a record of the audit: %w", err)
	}
	_, err = e.run(ctx, "audit", script.Token(), e.opts.AuditKeep, record.ID, form.Micros(record.At), text)
	return err
}

// Audits implements keep.Trail. Records are read from the newest on until there
// are enough that match.
func (e *Engine) Audits(ctx context.Context, f keep.AuditFilter) (page []keep.Record, next string, err error) {
	limit := pageUsual
	if f.Limit > 0 {
		limit = min(f.Limit, pageMax)
	}
	below, err := parseCursor(f.Cursor)
	if err != nil {
		return nil, "", err
	}
	var last int64
	for {
		chunk, err := e.records(ctx, below)
		if err != nil {
			return nil, "", err
		}
		for _, m := range chunk {
			below = number(m)
			record := readRecord(m)
			if !matches(f, record) {
				continue
			}
			if len(page) == limit {
				return page, strconv.FormatInt(last, 36), nil
			}
			page, last = append(page, record), below
		}
		if len(chunk) < readChunk {
			return page, "", nil
		}
	}
}

// records reads the newest ones below a number.
func (e *Engine) records(ctx context.Context, below int64) (all []goredis.XMessage, err error) {
	from := "+"
	if below > 0 {
		from = "(" + strconv.FormatInt(below, 10) + "-0"
	}
	err = e.with(ctx, func(c goredis.UniversalClient) error {
		all, err = c.XRevRangeN(ctx, e.prefix+"audit", from, "-", readChunk).Result()
		return err
	})
	return all, err
}

// number is that of a record, the first part of its id.
func number(m goredis.XMessage) int64 {
	id, _, _ := strings.Cut(m.ID, "-")
	return form.Int(id)
}

func readRecord(m goredis.XMessage) (record keep.Record) {
	// What cannot be read was not written by us.
	_ = json.Unmarshal([]byte(form.Text(m.Values["r"])), &record)
	record.At = form.Instant(form.Int(m.Values["a"]))
	return record
}

func matches(f keep.AuditFilter, r keep.Record) bool {
	for _, m := range [...][2]string{{f.Actor, r.Actor}, {f.Action, r.Action}, {f.Doctype, r.Doctype}, {f.Name, r.Name}} {
		if m[0] != "" && m[0] != m[1] {
			return false
		}
	}
	return !r.At.Before(f.Since)
}
