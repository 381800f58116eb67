// Package tell is what the command line says to the running hub, and how it puts
// the hub's answers into words. It has no routes, calls nothing and remembers
// nothing.
package tell

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"gigafibre.ca/targo-hub/hub/inbox"
)

// Deliveries prints a list.
func Deliveries(out io.Writer, list []inbox.Delivery) error {
	w := columns(out)
	fmt.Fprintln(w, "ID\tRECEIVED\tSOURCE\tEVENT\tSEEN\tSTATUS\tREASON")
	for _, d := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", d.ID, local(d.ReceivedAt), d.Source, d.Event, d.Seen, d.Status, d.Reason)
	}
	return w.Flush()
}

// Replay prints what became of an order to try many deliveries again.
func Replay(out io.Writer, r inbox.Replay) error {
	w := columns(out)
	if len(r.Items) > 0 {
		fmt.Fprintln(w, "ID\tRECEIVED\tEVENT\tWAS\tOUTCOME\tREASON")
	}
	for _, d := range r.Items {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", d.ID, local(d.ReceivedAt), d.Event, d.Status, d.Outcome, d.Reason)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	hint := ""
	switch {
	case r.DryRun && r.Matched > 0:
		hint = " Nothing was done: add --go."
	case r.More || r.Matched > len(r.Items):
		hint = " Call it again for the rest."
	}
	_, err := fmt.Fprintf(out, "%d fit, %d tried again.%s\n", r.Matched, r.Replayed, hint)
	return err
}

// Instant reads a moment of the past: when ("2026-11-22T10:00:00Z"), or how long
// ago ("24h").
func Instant(text string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago).UTC(), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("%q is neither an instant like 2026-11-22T10:00:00Z nor a time like 24h", text)
	}
	return at.UTC(), nil
}

func columns(out io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(out, 0, 4, 2, ' ', 0) }

func local(at time.Time) string { return at.Local().Format(time.DateTime + " MST") }

// Request is a request to the hub that listens at the address, which may be
// "every address" (0.0.0.0).
func Request(ctx context.Context, listen, method, path, body string) (*http.Request, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+net.JoinHostPort(host, port)+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	return r, nil
}
