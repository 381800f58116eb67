package webhooks_test

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim"
)

const (
	benchSecret = "whsec_aW52ZW50ZWQtZm9yLXRoZS1iZW5jaA"
	benchBody   = 2048 // bytes, a middling webhook
)

// parcels writes n signed deliveries as they go over the wire, each of another
// envelope. It is done before the clock runs: signing is the sender's work.
func parcels(host string, first, n int) [][]byte {
	now := time.Now()
	list := make([][]byte, n)
	for i := range list {
		body := formCompleted(first + i)
		list[i] = fmt.Appendf(nil, "POST /webhooks/docuseal HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"+
			"User-Agent: DocuSeal.com Webhook\r\nX-Docuseal-Signature: %s\r\nContent-Length: %d\r\n\r\n%s",
			host, docusealsim.Signature(benchSecret, now, body), len(body), body)
	}
	return list
}

// formCompleted has the members of DocuSeal's event, and values that fill it up.
func formCompleted(n int) []byte {
	body := fmt.Appendf(nil, `{"event_type":"form.completed","timestamp":"2025-06-01T12:00:00.000Z","data":{"id":%d,"submission_id":%d,`+
		`"email":"client%d@example.com","phone":null,"name":"Client %d","ua":"Mozilla/5.0 (X11; Linux x86_64)","ip":"192.0.2.7",`+
		`"sent_at":"2025-06-01T11:00:00.000Z","opened_at":"2025-06-01T11:58:00.000Z","completed_at":"2025-06-01T12:00:00.000Z",`+
		`"declined_at":null,"external_id":"SAL-QTN-%d","status":"completed","role":"Client","metadata":{},`+
		`"preferences":{"send_email":true,"send_sms":false},"submission":{"id":%d,"status":"completed","url":"https://sign.example.com/e/x"},`+
		`"template":{"id":1,"name":"Entente commerciale","external_id":null,"folder_name":"Ventes"},"values":[`,
		n, n, n, n, n, n)
	for field := 0; len(body) < benchBody-120; field++ {
		body = fmt.Appendf(body, `{"field":"Champ %02d","value":"une valeur assez ordinaire"},`, field)
	}
	pad := benchBody - len(body) - len(`{"field":"Note","value":""}]}}`)
	return fmt.Appendf(body, `{"field":"Note","value":"%s"}]}}`, strings.Repeat("x", pad))
}

// sender is one connection that is kept open; it sends one request at a time.
type sender struct {
	net.Conn
	answer []byte
}

// send returns when the whole answer is there, and fails unless it is a 200.
func (s *sender) send(parcel []byte) error {
	if _, err := s.Write(parcel); err != nil {
		return err
	}
	got := 0
	for {
		n, err := s.Read(s.answer[got:])
		if err != nil {
			return err
		}
		got += n
		head, body, ok := bytes.Cut(s.answer[:got], []byte("\r\n\r\n"))
		if !ok {
			continue
		}
		if !bytes.HasPrefix(head, []byte("HTTP/1.1 200 ")) {
			return fmt.Errorf("the answer was %q", s.answer[:got])
		}
		_, rest, _ := bytes.Cut(head, []byte("Content-Length: "))
		length, _, _ := bytes.Cut(rest, []byte("\r\n"))
		want, err := strconv.Atoi(string(length))
		if err != nil {
			return fmt.Errorf("the answer says no length: %w", err)
		}
		if len(body) >= want {
			return nil
		}
	}
}

// connect opens as many connections as deliveries are to be in flight.
func (r *rival) connect(b *testing.B, flight int) {
	b.Helper()
	for range flight {
		conn, err := net.Dial("tcp", r.addr)
		if err != nil {
			b.Fatal(err)
		}
		r.senders = append(r.senders, &sender{conn, make([]byte, 4096)})
	}
	r.pace = 4000 // deliveries a second; the first slice learns better
}

// slice sends for the given time, with every connection always waiting for an
// answer. It ends early when the deliveries that were prepared are used up.
func (r *rival) slice(b *testing.B, long time.Duration) {
	b.Helper()
	stock := parcels(r.addr, r.made, int(r.pace*1.5*long.Seconds())+len(r.senders))
	r.made += len(stock)
	var (
		team  sync.WaitGroup
		next  atomic.Int64
		mu    sync.Mutex
		acked int
	)
	began := time.Now()
	for _, s := range r.senders {
		team.Go(func() {
			waits := make([]time.Duration, 0, 4096)
			for start := time.Now(); start.Sub(began) < long; {
				i := int(next.Add(1)) - 1
				if i >= len(stock) {
					break
				}
				if err := s.send(stock[i]); err != nil {
					b.Error(err)
					return
				}
				end := time.Now()
				waits = append(waits, end.Sub(start))
				start = end
			}
			mu.Lock()
			defer mu.Unlock()
			acked += len(waits)
			r.waits = append(r.waits, waits...)
		})
	}
	team.Wait()
	r.sent += acked
	r.pace = float64(acked) / time.Since(began).Seconds()
	r.rates = append(r.rates, r.pace)
}

// forget drops what was measured so far.
func (r *rival) forget() { r.rates, r.waits = nil, nil }
