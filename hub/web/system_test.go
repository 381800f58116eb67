package web_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub/web"
)

func TestReadiness(t *testing.T) {
	t.Parallel()
	book := &logBook{}
	s, err := web.NewServer(web.Config{}, web.Deps{Log: book.logger()})
	if err != nil {
		t.Fatal(err)
	}
	expect := func(status int, body string) {
		t.Helper()
		w := ask(s.Handler(), "GET", "/readyz", "")
		if w.Code != status || strings.TrimSpace(w.Body.String()) != body {
			t.Errorf("got %d %s, want %d %s", w.Code, w.Body, status, body)
		}
	}
	down := errors.New("dial tcp 10.0.0.5: hunter2")
	expect(200, `{"status":"ready","parts":{}}`)
	s.AddPart(web.Part{Name: "store", Required: true, Check: func(context.Context) error { return nil }})
	expect(200, `{"status":"ready","parts":{"store":"ok"}}`)
	s.AddPart(web.Part{Name: "erpnext", Check: func(context.Context) error { return down }})
	expect(200, `{"status":"degraded","parts":{"erpnext":"down","store":"ok"}}`)
	s.AddPart(web.Part{Name: "disk", Required: true, Check: func(context.Context) error { panic(down) }})
	expect(503, `{"status":"down","parts":{"disk":"down","erpnext":"down","store":"ok"}}`)
	if !strings.Contains(book.String(), "hunter2") {
		t.Error("the log does not say why a part is down")
	}
}

func TestMetricsListener(t *testing.T) {
	t.Parallel()
	found := freeAddress(t)
	registry := prometheus.NewRegistry()
	_, base, stop := running(t, web.Config{MetricsListen: found}, web.Deps{Metrics: registry}, nil)
	c := client(t)
	get(t, c, base+"/problems/not-found")
	get(t, c, base+"/nowhere/with-a-token")
	status, body := get(t, c, "http://"+found+"/metrics")
	for _, want := range []string{
		`targo_http_requests_total{class="2xx",method="GET",route="/problems/{code}"} 1`,
		`targo_http_requests_total{class="4xx",method="GET",route="none"} 1`, "targo_http_request_seconds_bucket",
	} {
		if status != 200 || !strings.Contains(body, want) {
			t.Errorf("%d lacks %s in %s", status, want, body)
		}
	}
	if strings.Contains(body, "with-a-token") {
		t.Error("metrics show a path")
	}
	if status, _ := get(t, c, base+"/metrics"); status != 404 {
		t.Errorf("the main listener shows metrics: %d", status)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := web.NewServer(web.Config{}, web.Deps{Metrics: registry}); err != nil {
		t.Errorf("a second server on the registry: %v", err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
