package stream

// ServeSingly makes a hose serve each subscriber by a goroutine, as where
// connections cannot be taken over.
func ServeSingly(h *Hose) { h.single = true }

// Ready is closed once Run has begun.
func Ready(h *Hose) <-chan struct{} { return h.ready }

// IsSingle tells whether ServeSingly was said.
func IsSingle(h *Hose) bool { return h.single }
