package web_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

type admittedKey struct{}

// keyring lets one key in, from staff.
type keyring struct{}

func (keyring) Admit(ctx context.Context, key string) (context.Context, error) {
	switch {
	case hub.ActorOf(ctx).Role != hub.RoleStaff:
		return ctx, nil
	case key != "right":
		return ctx, hub.Fail(hub.Forbidden, "cutover-token-wrong", "No.", nil)
	}
	return context.WithValue(ctx, admittedKey{}, true), nil
}

// TestTheKeyOfTheCutoverStaysAtTheEdge: it is checked once the actor is known,
// and no handler sees it.
func TestTheKeyOfTheCutoverStaysAtTheEdge(t *testing.T) {
	t.Parallel()
	sees := func(c echo.Context) error {
		r := c.Request()
		if r.Header.Get("X-Cutover-Token") != "" || r.Header["X-Cutover-Token"] != nil {
			return c.String(http.StatusTeapot, "the handler sees the key")
		}
		if r.Context().Value(admittedKey{}) != nil {
			return c.String(http.StatusOK, "admitted")
		}
		return c.String(http.StatusOK, "not admitted")
	}
	mount := func(r *web.Router) {
		r.Handle("POST", "/staff", web.Staff, sees)
		r.Handle("POST", "/anybody", web.Public.Or(web.Staff), sees)
		r.Handle("POST", "/signed", web.Signed, sees)
	}
	with := edge(t, web.Config{}, web.Deps{Verifier: bearerRole{}, Cutover: keyring{}}, mount)
	without := edge(t, web.Config{}, web.Deps{Verifier: bearerRole{}}, mount)
	const staff = "Authorization: Bearer staff:ann"
	for _, test := range []struct {
		h      http.Handler
		path   string
		lines  []string
		status int
		body   string
	}{
		{with, "/staff", []string{staff}, 200, "not admitted"},
		{with, "/staff", []string{staff, "X-Cutover-Token: right"}, 200, "admitted"},
		{with, "/staff", []string{staff, "x-cutover-token: right"}, 200, "admitted"},
		{with, "/staff", []string{staff, "X-Cutover-Token: wrong"}, 403, ""},
		{with, "/staff", []string{staff, "X-Cutover-Token: right", "X-Cutover-Token: wrong"}, 403, ""},
		{with, "/staff", []string{"X-Cutover-Token: right"}, 401, ""},
		{with, "/anybody", []string{"X-Cutover-Token: right"}, 200, "not admitted"},
		{with, "/anybody", []string{"X-Cutover-Token: wrong"}, 200, "not admitted"},
		{with, "/signed", []string{"X-Cutover-Token: right"}, 200, "not admitted"},
		{without, "/staff", []string{staff, "X-Cutover-Token: right"}, 200, "not admitted"},
	} {
		w := ask(test.h, "POST", test.path, "", test.lines...)
		if w.Code != test.status || test.body != "" && w.Body.String() != test.body {
			t.Errorf("%s %v: %d %s", test.path, test.lines, w.Code, w.Body)
		}
	}
}
