package webhooks

import (
	"context"
	"slices"
	"strconv"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Traccar tells where devices are and what it noticed about them. By itself it
// tries once; with forward.retry.enable ten times within two minutes. It keeps
// no order, and sends what devices had stored while they were out of reach. What
// it tells is of the moment, so it is tried for minutes; and it says where people
// were, off shift too, so it is kept for no longer than it may be repeated.
func Traccar(secret config.Secret, take func(ctx context.Context, f traccar.Forwarded) (inbox.Taken, error)) inbox.Source {
	return inbox.Source{
		Name:  "traccar",
		Paths: []string{"/webhooks/traccar"},
		About: "Proven by `" + traccar.SecretHeader + "`, or by `Authorization: Bearer` (forward.header and event.forward.header in Traccar). Set " +
			"forward.url and event.forward.url to this address, and forward.type and event.forward.type to json.",
		Verify: func(call inbox.Call) (string, error) { return verifyTraccar(secret, call) },
		Read:   readTraccar,
		Take: func(ctx context.Context, job keep.Job) (keep.Result, error) {
			f, err := traccar.Parse(job.Payload)
			if err != nil {
				return keep.Result{}, keep.Reject(err)
			}
			taken, err := take(ctx, f)
			return taken.Result(), err
		},
		Quiet:       true,
		Concurrency: 8,
		Backoff:     []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute},
		Retain:      10 * time.Minute,
	}
}

func verifyTraccar(secret config.Secret, call inbox.Call) (string, error) {
	if secret.Empty() {
		return "", inbox.ErrNoSecret
	}
	if err := traccar.Verify(call.Header, secret); err != nil {
		given := slices.Concat(call.Header.Values(traccar.SecretHeader), call.Header.Values("Authorization"))
		return "", hub.Fail(hub.Unauthenticated, "signature-invalid",
			"The secret is missing or wrong. Traccar sends it with forward.header and event.forward.header.", because(err, given, false))
	}
	return "secret", nil
}

// readTraccar files what is told by its device.
func readTraccar(call inbox.Call) (inbox.Label, error) {
	f, err := traccar.Parse(call.Body)
	if err != nil {
		return inbox.Label{}, err
	}
	label := inbox.Label{Type: "position", Dedupe: f.Key(), Lane: "traccar:" + strconv.FormatInt(f.Device.ID, 10)}
	if f.Event != nil {
		label.Type = f.Event.Type
	}
	return label, nil
}
