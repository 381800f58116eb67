package front_test

import (
	"testing"

	"gigafibre.ca/targo-hub/hub/web/front"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	var routes front.Routes
	for _, r := range []struct {
		method, path string
		longest      int64
	}{{"GET", "/api/resource/*", 1 << 20}, {"POST", "/hook", 1 << 20}, {"POST", "/small", 100}, {"GET", "/exact", 1}} {
		if err := routes.Mark(r.method, r.path, r.longest); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range [][2]string{{"PUT", "/a"}, {"HEAD", "/a"}, {"GET", "/a/{id}"}, {"POST", "/a/*/b"}} {
		if routes.Mark(bad[0], bad[1], 1) == nil {
			t.Errorf("%v is taken", bad)
		}
	}
	for _, c := range []struct {
		method, path string
		want         int64
	}{
		{"GET", "/api/resource/Item", 0},
		{"GET", "/api/resource/", 0},
		{"GET", "/api/resource", -1},
		{"POST", "/api/resource/Item", -1},
		{"POST", "/hook", front.MaxBody},
		{"POST", "/hook/", -1},
		{"GET", "/hook", -1},
		{"POST", "/small", 100},
		{"GET", "/exact", 0},
		{"GET", "/exact/more", -1},
		{"GET", "", -1},
	} {
		if got := routes.Limit(c.method, c.path); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, got, c.want)
		}
	}
}
