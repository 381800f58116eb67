package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

type orderIn struct {
	ID    int `path:"id" doc:"Number of the order"`
	Limit int `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Body  struct {
		Code  string     `json:"code" minLength:"2" maxLength:"20" doc:"What is ordered"`
		Qty   int        `json:"qty,omitempty" minimum:"1"`
		Mail  string     `json:"mail,omitempty" format:"email"`
		At    string     `json:"at,omitempty" format:"date-time"`
		Track string     `json:"track,omitempty" enum:"residential,commercial"`
		Price *hub.Money `json:"price,omitempty"`
		Lines []line     `json:"lines,omitempty"`
	}
}

type line struct {
	Item string `json:"item" minLength:"1"`
}

type orderOut struct {
	Body struct {
		ID    int        `json:"id"`
		Price *hub.Money `json:"price"`
		Actor string     `json:"actor"`
		Agent string     `json:"agent"`
		Lang  hub.Lang   `json:"lang"`
	}
}

func mountOrders(r *web.Router) {
	web.Operation(r, web.Op{
		Method: "POST", Path: "/orders/{id}", Guard: web.Public, ID: "put-order", Summary: "Order something",
		Description: "Takes an order.", Status: http.StatusCreated, MaxBody: 4096,
	}, func(ctx context.Context, in *orderIn) (*orderOut, error) {
		if in.Body.Code == "taken" {
			return nil, hub.Fail(hub.Conflict, "state-conflict", "It is taken.", nil, hub.WithState(map[string]any{"by": "ann"}))
		}
		out := &orderOut{}
		out.Body.ID, out.Body.Price = in.ID, in.Body.Price
		out.Body.Actor, out.Body.Agent, out.Body.Lang = hub.ActorOf(ctx).String(), web.CallerOf(ctx).Agent, web.CallerOf(ctx).Lang
		return out, nil
	})
	web.Operation(r, web.Op{Method: "DELETE", Path: "/orders/{id}", Guard: web.Staff.Or(web.Service), Summary: "Forget an order"},
		func(context.Context, *struct {
			ID int `path:"id"`
		},
		) (*struct{}, error) {
			return nil, nil
		})
	r.Handle("GET", "/letters/{jwt}", web.Customer, ok, web.Doc{Summary: "Show a letter"})
	r.Handle("POST", "/hooks/any", web.Signed, ok, web.Doc{Summary: "Take news", Body: "application/json"})
	r.Handle("GET", "/files/*", web.Staff, ok, web.Doc{Summary: "Pass through", Answer: "application/octet-stream"})
}

func TestOperationAnswers(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{}, web.Deps{}, mountOrders)
	for body, price := range map[string]string{
		`{"code":"A1","price":39.95,"extra":{"from":"an old client"}}`: `"39.95"`,
		`{"code":"A1","price":"5"}`:                                    `"5.00"`,
		`{"code":"A1"}`:                                                `null`,
	} {
		w := ask(h, "POST", "/orders/7?lang=en", body, "Content-Type: application/json; charset=utf-8", "User-Agent: probe/1")
		want := `{"id":7,"price":` + price + `,"actor":"public","agent":"probe/1","lang":"en"}`
		if w.Code != 201 || strings.TrimSpace(w.Body.String()) != want || w.Header().Get("Link") != "" {
			t.Errorf("%s: %d %v %s", body, w.Code, w.Header(), w.Body)
		}
	}
}

func TestOperationRefuses(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{}, web.Deps{}, mountOrders)
	field := func(pairs ...string) (list []hub.Field) {
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, hub.Field{Pointer: pairs[i], Detail: pairs[i+1]})
		}
		return list
	}
	for _, test := range []struct {
		name, target, media, body string
		status                    int
		code                      string
		fields                    []hub.Field
	}{
		{"no body", "/orders/1", "application/json", "", 400, "malformed", nil},
		{"half a body", "/orders/1", "application/json", `{"code":`, 400, "malformed", nil},
		{"another type", "/orders/1", "text/csv", `a;b`, 415, "media-type", nil},
		{"missing", "/orders/1", "application/json", `{}`, 422, "invalid", field("/code", "is required")},
		{"too short", "/orders/1", "application/json", `{"code":"Q"}`, 422, "invalid", field("/code", "expected length >= 2")},
		{"wrong type", "/orders/1", "application/json", `{"code":55512}`, 422, "invalid", field("/code", "expected string")},
		{"deep", "/orders/1", "application/json", `{"code":"A1","lines":[{"item":"x"},{}]}`, 422, "invalid", field("/lines/1/item", "is required")},
		{"mail", "/orders/1", "application/json", `{"code":"A1","mail":"55512@@"}`, 422, "invalid", field("/mail", "expected string to be RFC 5322 email")},
		{"enum", "/orders/1", "application/json", `{"code":"A1","track":"55512"}`, 422, "invalid", field("/track", `expected value to be one of "residential, commercial"`)},
		{"money", "/orders/1", "application/json", `{"code":"A1","price":"55512 $"}`, 422, "invalid", field("/price", "expected value to match exactly one schema but matched none")},
		{"query", "/orders/1?limit=55512", "application/json", `{"code":"A1"}`, 422, "invalid", field("query/limit", "expected number <= 200")},
		{"path", "/orders/x55512", "application/json", `{"code":"A1"}`, 422, "invalid", field("path/id", "invalid integer")},
		{"too big", "/orders/1", "application/json", `{"code":"` + strings.Repeat("5", 5000) + `"}`, 413, "body-too-large", nil},
		{"conflict", "/orders/1", "application/json", `{"code":"taken"}`, 409, "state-conflict", nil},
	} {
		w := ask(h, "POST", test.target, test.body, "Content-Type: "+test.media)
		var p web.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Errorf("%s: %v in %s", test.name, err, w.Body)
		}
		if w.Code != test.status || p.Code != test.code || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", test.name, w.Code, w.Body)
		}
		if diff := cmp.Diff(test.fields, p.Errors); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if strings.Contains(w.Body.String(), "55512") {
			t.Errorf("%s repeats the value: %s", test.name, w.Body)
		}
	}
}

// TestListing: a list without items is empty, not null, and a page says where it
// goes on.
func TestListing(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{}, web.Deps{}, func(r *web.Router) {
		web.Operation(r, web.Op{Method: "GET", Path: "/letters", Guard: web.Public},
			func(_ context.Context, in *web.Paging) (*web.Listing[string], error) {
				if in.Cursor == "" {
					return web.List[string](nil, ""), nil
				}
				return web.List([]string{in.Cursor, fmt.Sprint(in.Limit)}, "c"), nil
			})
	})
	for query, want := range map[string]string{
		"": `{"items":[],"next":null}`, "?cursor=b": `{"items":["b","50"],"next":"c"}`, "?cursor=b&limit=7": `{"items":["b","7"],"next":"c"}`,
	} {
		if w := ask(h, "GET", "/letters"+query, ""); w.Code != 200 || strings.TrimSpace(w.Body.String()) != want {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	if w := ask(h, "GET", "/letters?limit=201", ""); w.Code != 422 {
		t.Errorf("a page too long: %d %s", w.Code, w.Body)
	}
}
