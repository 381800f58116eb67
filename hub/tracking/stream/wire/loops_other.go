//go:build !linux

package wire

import (
	"errors"
	"net"
)

// Loops hold sockets; not on this system.
type Loops struct{}

// New fails with errors.ErrUnsupported.
func New(Options) (*Loops, error) { return nil, errors.ErrUnsupported }

// Add fails with errors.ErrUnsupported.
func (*Loops) Add(net.Conn, Client) error { return errors.ErrUnsupported }

// Tick does nothing.
func (*Loops) Tick() {}

// Probe does nothing.
func (*Loops) Probe(string) {}

// Close does nothing.
func (*Loops) Close() {}
