package connectors

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/go-resty/resty/v2"
)

// explain puts a transport failure into plain words without addresses.
func explain(err error) string {
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was reset"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no route to the host"
	case errors.As(err, &dns):
		return "the host name was not found"
	case errors.As(err, &unknown), errors.As(err, &host), errors.As(err, &invalid):
		return "the certificate is not trusted"
	case errors.As(err, &record):
		return "the other side does not speak TLS"
	case errors.Is(err, errTooLarge):
		return errTooLarge.Error()
	case isTimeout(err):
		return "timed out"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed before the answer was complete"
	default:
		return "the connection failed"
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// refusal is the failure of a call that was answered outside 200–299.
func (c *Client) refusal(op, method string, status int, header http.Header, body []byte) *Error {
	e := &Error{
		System: c.options.System, Op: op, Status: status,
		Reason:     reasonOf(status),
		Temporary:  status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout,
		RetryAfter: retryAfter(header.Get("Retry-After"), time.Now()),
		Body:       body[:min(len(body), bodyKept):min(len(body), bodyKept)],
	}
	if status >= 500 && !isRead(method) {
		e.Outcome = Unknown
	}
	return e
}

// failure is the *Error of a call that ended with an error of net/http or resty.
func (c *Client) failure(op, method string, resp *resty.Response, err error) *Error {
	if e, ok := AsError(err); ok {
		return e
	}
	if resp != nil && resp.RawResponse != nil {
		return c.Unreadable(op, method, resp.StatusCode(), err)
	}
	return c.Local(op, err)
}

// Unreadable is the failure of a call whose answer came with a good status but
// is not what was agreed: a proxy's page, half a document. Nobody knows whether
// the system itself was reached, so after a write the outcome is Unknown.
func (c *Client) Unreadable(op, method string, status int, cause error) *Error {
	e := c.Local(op, cause)
	e.Status, e.Code, e.Reason, e.Temporary = status, CodeUnreadable, "the answer cannot be read", true
	if !isRead(method) {
		e.Outcome = Unknown
	}
	return e
}

// Local is the failure of a call that was refused on our side, before anything
// was sent.
func (c *Client) Local(op string, cause error) *Error {
	e := &Error{System: c.options.System, Op: op, Reason: "the call could not be made"}
	if cause != nil {
		e.Err = &redacted{text: Redact(cause.Error(), c.options.Secrets...), err: cause}
	}
	return e
}

func reasonOf(status int) string {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return "it refused our credentials or rights"
	case status == http.StatusNotFound:
		return "not found"
	case status == http.StatusTooManyRequests:
		return "it asks us to slow down"
	case status >= 500:
		return "it failed"
	case status >= 400:
		return "it refused the request"
	case status >= 300:
		return "it redirected the request"
	default:
		return "it did not answer as expected"
	}
}

// retryAfter reads seconds or a date; nonsense is no advice. A day is the most
// that is believed.
func retryAfter(text string, now time.Time) time.Duration {
	var d time.Duration
	if seconds, err := strconv.Atoi(text); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), 24*time.Hour)
}
