package vision

import (
	"time"

	"gigafibre.ca/targo-hub/hub/vision/waiting"
)

// Hurry shortens how long callers wait, and how long the work goes on.
func (d *Desk) Hurry(answer, work time.Duration) {
	l := waiting.Limits{Answer: answer, Work: work}
	d.times = times{l, l, l, answer}
}

// UsualWait is how long the caller of /vision/barcodes waits at most.
var UsualWait = usual.barcodes.Answer
