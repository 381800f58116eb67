// Package health asks the parts of the hub whether they work, for GET /readyz.
// It remembers only which parts there are.
package health

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// patience bounds the question to all parts.
const patience = 3 * time.Second

// Part is something that must work for the hub to be useful.
type Part struct {
	Name     string // "store", "erpnext"
	Required bool   // when it is down the hub is not ready; else it is only degraded
	Check    func(ctx context.Context) error
}

// Readiness is the answer of GET /readyz. A part is ok or down, without why.
type Readiness struct {
	Status string            `json:"status"` // ready, degraded, down or stopping
	Parts  map[string]string `json:"parts"`
}

// Parts is the list of parts. The zero Parts is empty.
type Parts struct {
	mu   sync.Mutex
	list []Part
}

// Add adds a part.
func (p *Parts) Add(part Part) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, part)
}

// Ask asks all parts at once. down is told why a part is down.
func (p *Parts) Ask(ctx context.Context, down func(name string, err error)) Readiness {
	p.mu.Lock()
	parts := slices.Clone(p.list)
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	errs := make([]error, len(parts))
	var wait sync.WaitGroup
	for i, part := range parts {
		wait.Go(func() { errs[i] = ask(ctx, part) })
	}
	wait.Wait()
	answer := Readiness{Status: "ready", Parts: map[string]string{}}
	for i, part := range parts {
		answer.Parts[part.Name] = "ok"
		if errs[i] == nil {
			continue
		}
		answer.Parts[part.Name] = "down"
		down(part.Name, errs[i])
		if part.Required {
			answer.Status = "down"
		} else if answer.Status == "ready" {
			answer.Status = "degraded"
		}
	}
	return answer
}

// ask gives a part its time; one that does not answer, or panics, is down.
func ask(ctx context.Context, part Part) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- fmt.Errorf("panic: %v", v)
			}
		}()
		done <- part.Check(ctx)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
