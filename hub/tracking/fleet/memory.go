package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

const (
	saveEvery = 15 * time.Second
	lastSave  = 3 * time.Second // for the writing when the hub stops
	shardSize = 900 << 10       // bytes; a value may have keep.ValueMax
	shardMost = 64              // of shards that are read
)

func shardKey(i int) string { return "tracking:last:" + strconv.Itoa(i) }

// remember loads what was known, then writes down what is new until ctx ends.
func (f *Fleet) remember(ctx context.Context) {
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	loaded := false
	for {
		if !loaded {
			err := f.load(ctx)
			loaded = err == nil
			f.complain(ctx, "last positions not loaded", err)
		} else {
			f.forget()
			f.complain(ctx, "last positions not saved", f.save(ctx))
		}
		select {
		case <-ctx.Done():
			if !loaded { // what is written there is more than is known here
				return
			}
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSave)
			defer cancel()
			f.complain(end, "last positions not saved", f.save(end))
			return
		case <-tick.C:
		}
	}
}

func (f *Fleet) complain(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		f.deps.Log.WarnContext(ctx, what, "err", err)
	}
}

// load takes in what was written down. Every shard stands for itself.
func (f *Fleet) load(ctx context.Context) error {
	for i := range shardMost {
		raw, _, err := f.deps.Store.Value(ctx, shardKey(i))
		if errors.Is(err, keep.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", shardKey(i), err)
		}
		var rows []row
		if json.Unmarshal(raw, &rows) != nil {
			continue // of a hub that wrote it otherwise; it is written anew soon
		}
		f.take(fixesOf(rows), false)
	}
	return nil
}

// save writes everything that is known, if something was taken in here.
func (f *Fleet) save(ctx context.Context) error {
	f.mu.Lock()
	unsaved := f.unsaved
	f.unsaved = false
	f.mu.Unlock()
	if !unsaved {
		return nil
	}
	err := f.write(ctx)
	if err != nil {
		f.mu.Lock()
		f.unsaved = true
		f.mu.Unlock()
	}
	return err
}

func (f *Fleet) write(ctx context.Context) error {
	shards, err := shardsOf(f.All())
	if err != nil {
		return err
	}
	for i, shard := range shards {
		if _, err = f.deps.Store.Swap(ctx, shardKey(i), keep.AnyVersion, shard, fix.Oldest); err != nil {
			return fmt.Errorf("writing %s: %w", shardKey(i), err)
		}
	}
	if err = f.deps.Store.Drop(ctx, shardKey(len(shards))); err != nil { // reading ends where one is missing
		return fmt.Errorf("dropping %s: %w", shardKey(len(shards)), err)
	}
	return nil
}

// shardsOf writes fixes as JSON arrays, none larger than shardSize.
func shardsOf(fixes []fix.Fix) (shards [][]byte, err error) {
	shard := []byte{'['}
	for _, x := range fixes {
		one, err := json.Marshal(rowOf(x))
		if err != nil {
			return nil, fmt.Errorf("writing the fix of device %d: %w", x.Device, err)
		}
		if len(shard)+len(one) > shardSize {
			shards = append(shards, append(shard, ']'))
			shard = []byte{'['}
		}
		if len(shard) > 1 {
			shard = append(shard, ',')
		}
		shard = append(shard, one...)
	}
	return append(shards, append(shard, ']')), nil
}

// forget drops what says nothing of today any more.
func (f *Fleet) forget() {
	now := f.deps.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.DeleteFunc(f.last, func(device int64, x fix.Fix) bool {
		old := x.Age(now) > fix.Oldest
		if old && f.carried[x.Technician] == device {
			delete(f.carried, x.Technician) // his other devices, if any, are older still
		}
		return old
	})
}
