package erpnext

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// keyed plays a site that takes many documents at once and knows them by key.
type keyed struct {
	names   map[string]string
	inserts []int
	lose    int // the reply to this insert is lost
}

func (k *keyed) answer(w http.ResponseWriter, r seen, _ int) {
	if !strings.HasSuffix(r.Path, "insert_many") {
		rows := []map[string]string{}
		for key, name := range k.names {
			rows = append(rows, map[string]string{"name": name, "hub_key": key})
		}
		raw, _ := json.Marshal(map[string]any{"data": rows, "message": rows})
		reply(w, 200, string(raw))
		return
	}
	var in struct{ Docs []map[string]string }
	if err := json.Unmarshal([]byte(r.Body), &in); err != nil {
		panic(err)
	}
	var names []string
	for _, doc := range in.Docs {
		name := fmt.Sprintf("DT-%d", len(k.names))
		k.names[doc["hub_key"]] = name
		names = append(names, name)
	}
	if k.inserts = append(k.inserts, len(in.Docs)); len(k.inserts) == k.lose {
		panic(http.ErrAbortHandler)
	}
	raw, _ := json.Marshal(map[string]any{"message": names})
	reply(w, 200, string(raw))
}

// Two hundred go in one transaction; what is there is not made again, and a lost
// reply is settled by looking.
func TestInsertMany(t *testing.T) {
	t.Parallel()
	docs := make([]Values, 450)
	for i := range docs {
		docs[i] = Values{"label": fmt.Sprint("L", i), "hub_key": fmt.Sprint("k", i)}
	}
	for _, lose := range []int{0, 1, 2, 3} {
		site := &keyed{names: map[string]string{"k7": "DT-old", "k449": "DT-older"}, lose: lose}
		c := through(t, &fakeSite{answer: site.answer}, nil)
		c.rows = 1000
		names, err := c.InsertMany(t.Context(), "Dispatch Tag", "hub_key", docs)
		if err != nil || len(names) != 450 || names[7] != "DT-old" || names[449] != "DT-older" || len(site.names) != 450 {
			t.Fatalf("reply %d lost: %d names, %v", lose, len(names), err)
		}
		for i, name := range names {
			if site.names[docs[i].text("hub_key")] != name {
				t.Errorf("document %d is %s", i, name)
			}
		}
		if got := fmt.Sprint(site.inserts); got != "[199 200 49]" {
			t.Errorf("reply %d lost: inserts of %s", lose, got)
		}
	}
	c, s := inside(t, nil)
	if _, err := c.InsertMany(t.Context(), "Dispatch Tag", "hub_key", []Values{{"label": "x"}}); err == nil || len(s.asked()) != 0 {
		t.Errorf("a document without its key: %v", err)
	}
}
