package fault

import (
	"net/http"
	"sync"
	"time"
)

// Judge decides which answers speak against the site as a whole. A mistake in
// one kind of call counts once a minute: when many kinds fail, it is the site.
// The zero value is ready.
type Judge struct {
	mu      sync.Mutex
	counted map[string]time.Time // by kind of call; the kinds are the hub's own
}

const judgeAgain = time.Minute

// Counts tells whether an answer with a status of 500 or more counts as a
// failure of the site. op is the kind of call, head the beginning of the body.
func (j *Judge) Counts(op string, status int, head []byte) bool {
	if status != http.StatusInternalServerError {
		return true
	}
	class := classIn(head)
	if class == "" || !Mistake(class) {
		return true
	}
	now := time.Now()
	j.mu.Lock()
	defer j.mu.Unlock()
	if last, ok := j.counted[op]; ok && now.Sub(last) < judgeAgain {
		return false
	}
	if j.counted == nil {
		j.counted = map[string]time.Time{}
	}
	j.counted[op] = now
	return true
}
