package route_test

import (
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/route"
)

func TestFind(t *testing.T) {
	t.Parallel()
	first, v15, v16 := route.First(), route.Second(profile.V15), route.Second(profile.V16)
	for _, c := range []struct {
		rules      route.Map
		verb, path string
		want       route.Match
		allow      string
	}{
		{first, "GET", "resource/ToDo", route.Match{Operation: route.List, Doctype: "ToDo"}, ""},
		{first, "HEAD", "resource/ToDo/", route.Match{Operation: route.List, Doctype: "ToDo"}, ""},
		{first, "PUT", "resource/ToDo", route.Match{}, "GET, HEAD, POST"},
		{first, "PUT", "resource/ToDo/", route.Match{}, "GET, HEAD, POST"},
		{first, "GET", "resource/ToDo/a/b", route.Match{Operation: route.Read, Doctype: "ToDo", Name: "a/b"}, ""},
		{first, "GET", "resource/ToDo/a/", route.Match{Operation: route.Read, Doctype: "ToDo", Name: "a"}, ""},
		{first, "PATCH", "resource/ToDo/a", route.Match{}, ""}, // blind without the slash
		{first, "PATCH", "resource/ToDo/a/", route.Match{}, "GET, HEAD, PUT, POST, DELETE"},
		{first, "GET", "resource//ToDo", route.Match{}, ""},
		{first, "GET", "resource/ToDo//", route.Match{}, ""},
		{first, "GET", "resource/ToDo//a", route.Match{}, ""},
		{first, "GET", "resource/", route.Match{}, ""},
		{first, "GET", "method", route.Match{}, ""},
		{first, "GET", "method/ping/more", route.Match{Operation: route.Procedure, Method: "ping"}, ""},
		{first, "GET", "nothing", route.Match{}, ""},
		{v15, "GET", "method/logout", route.Match{Operation: route.Procedure, Method: "logout"}, ""},
		{v15, "POST", "method/ToDo/more", route.Match{Operation: route.OfDoctype, Doctype: "ToDo", Method: "more"}, ""},
		{v15, "PUT", "method/run_doc_method", route.Match{Operation: route.Procedure, Method: "run_doc_method"}, ""},
		{v15, "POST", "document/ToDo/bulk_delete", route.Match{}, ""},
		{v15, "POST", "document/ToDo/x/", route.Match{}, "GET, HEAD, PUT, PATCH, DELETE"},
		{v15, "GET", "document/ToDo/x/copy", route.Match{Operation: route.Read, Doctype: "ToDo", Name: "x/copy"}, ""},
		{v16, "GET", "document/ToDo/x/copy", route.Match{Operation: route.Copy, Doctype: "ToDo", Name: "x"}, ""},
		{v16, "POST", "document/ToDo/bulk_delete", route.Match{Operation: route.BulkDelete, Doctype: "ToDo"}, ""},
		{v16, "POST", "document/ToDo/x/y/method/submit", route.Match{Operation: route.Run, Doctype: "ToDo", Name: "x/y", Method: "submit"}, ""},
		{v16, "PUT", "document/ToDo/x/method/submit", route.Match{Operation: route.Update, Doctype: "ToDo", Name: "x/method/submit"}, ""},
		{v16, "PUT", "doctype/ToDo/meta", route.Match{}, "GET, HEAD"},
	} {
		got, allowed := c.rules.Find(c.verb, c.path)
		if allow := route.Allow(allowed); got != c.want || allow != c.allow {
			t.Errorf("%s %s: %+v %q, want %+v %q", c.verb, c.path, got, allow, c.want, c.allow)
		}
	}
}
