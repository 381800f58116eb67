package simkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Server serves a simulator on a loopback port.
type Server struct {
	listener net.Listener
	server   *http.Server
	done     chan error
}

// Listen takes a loopback port; 0 takes a free one. Serve starts answering, so
// the address is known before the handler exists.
func Listen(port int) (*Server, error) {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, fmt.Errorf("listening on loopback port %d: %w", port, err)
	}
	return &Server{listener: l}, nil
}

// Port returns the port that was taken.
func (s *Server) Port() int {
	addr, ok := s.listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0
	}
	return addr.Port
}

// URL returns "http://127.0.0.1:PORT", without a slash at the end.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Serve answers with h until Close. It is called once.
func (s *Server) Serve(h http.Handler) {
	quiet := slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.server = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: quiet}
	s.done = make(chan error, 1)
	go func() { s.done <- s.server.Serve(s.listener) }()
}

// Close stops taking requests, lets the running ones end until ctx does, then
// cuts them.
func (s *Server) Close(ctx context.Context) error {
	if s.server == nil {
		return s.listener.Close()
	}
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.server.Close())
	}
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
