package connectors_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-resty/resty/v2"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/connectorstest"
)

const secret = "s3cr3t/with+signs"

func newClient(baseURL string) *connectors.Client {
	return connectors.New(connectors.Options{
		System: "peer", BaseURL: baseURL, Timeout: 300 * time.Millisecond, Secrets: []string{secret},
	})
}

type thing struct {
	ID int `json:"id"`
}

func TestReadConforms(t *testing.T) {
	t.Parallel()
	connectorstest.Run(t, connectorstest.Case{
		Secrets: []string{secret},
		Read:    true,
		New: func(_ testing.TB, baseURL string) func(context.Context) error {
			client := newClient(baseURL)
			return func(ctx context.Context) error {
				resp, err := client.Do(ctx, "thing.get", http.MethodGet, "/things/1", func(r *resty.Request) {
					r.SetHeader("X-Auth-Token", secret).SetQueryParam("token", secret)
				})
				if err != nil {
					return err
				}
				return client.Decode("thing.get", resp, &thing{})
			}
		},
	})
}

func TestWriteConforms(t *testing.T) {
	t.Parallel()
	connectorstest.Run(t, connectorstest.Case{
		Secrets: []string{secret},
		New: func(_ testing.TB, baseURL string) func(context.Context) error {
			client := newClient(baseURL)
			return func(ctx context.Context) error {
				resp, err := client.Do(ctx, "thing.create", http.MethodPost, "/things", func(r *resty.Request) {
					r.SetBasicAuth("user", secret).SetBody(thing{ID: 1})
				})
				if err != nil {
					return err
				}
				return client.Decode("thing.create", resp, &thing{})
			}
		},
	})
}

// An SDK as vendors write them: no context, errors that repeat the body.
func TestCallConforms(t *testing.T) {
	t.Parallel()
	connectorstest.Run(t, connectorstest.Case{
		Secrets:  []string{secret},
		BodyFree: true,
		New: func(_ testing.TB, baseURL string) func(context.Context) error {
			client := newClient(baseURL)
			return func(ctx context.Context) error {
				_, err := client.Call(ctx, "thing.create", func(hc *http.Client) error {
					resp, err := hc.Post(baseURL+"/things?key="+secret, "text/plain", strings.NewReader(secret))
					if err != nil {
						return err
					}
					defer func() { _ = resp.Body.Close() }()
					_, err = io.Copy(io.Discard, resp.Body)
					return err
				})
				return err
			}
		},
	})
}

func TestHTTPClientConforms(t *testing.T) {
	t.Parallel()
	connectorstest.Run(t, connectorstest.Case{
		Secrets: []string{secret}, BodyFree: true,
		New: func(_ testing.TB, baseURL string) func(context.Context) error {
			client := newClient(baseURL)
			return func(ctx context.Context) error {
				_, err := client.Do(ctx, "thing.delete", http.MethodDelete, baseURL+"/things/1", nil)
				return err
			}
		},
	})
}
