package erpnext

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gigafibre.ca/targo-hub/connectors"
)

// board plays a site with the comments of one document. The first replies to
// comments are lost.
type board struct {
	said    []Comment
	lose    int  // replies
	deaf    bool // what is lost was not said either
	blind   bool // nobody may look
	written int
}

func (b *board) answer(w http.ResponseWriter, r seen, _ int) {
	switch {
	case strings.HasSuffix(r.Path, "get_logged_user"):
		reply(w, 200, `{"message":"hub@example.test"}`)
	case strings.HasSuffix(r.Path, "get_single_value"):
		reply(w, 200, `{"message":"America/Toronto"}`)
	case strings.HasSuffix(r.Path, "add_comment"):
		b.written++
		lost := b.written <= b.lose
		if !lost || !b.deaf {
			b.said = append(b.said, Comment{Content: "Vu &amp; <br/> r&#233;gl&eacute;"})
		}
		if lost {
			panic(http.ErrAbortHandler)
		}
		reply(w, 200, `{"message":{}}`)
	case b.blind:
		reply(w, 403, `{"exc_type":"PermissionError"}`)
	default:
		since := At(time.Now().Add(-lately)).Text[:16]
		if asked := fmt.Sprint(r.Query); !strings.Contains(asked, "hub%40example.test") || !strings.Contains(asked, strings.NewReplacer(" ", "+", ":", "%3A").Replace(since)) {
			panic("asked for the comments of all: " + asked)
		}
		rows := []string{`{"name":"c0","content":"Vu"}`}
		for _, c := range b.said {
			rows = append(rows, fmt.Sprintf(`{"name":"c1","content":%q}`, c.Content))
		}
		reply(w, 200, `{"data":[`+strings.Join(rows, ",")+`]}`)
	}
}

// A comment whose reply was lost is looked for before it is said again, and said
// again once only.
func TestCommentAfterALostReply(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		site          board
		written, said int
		unknown       bool
	}{
		"it is there":             {board{lose: 1}, 1, 1, false},
		"it is not":               {board{lose: 1, deaf: true}, 2, 1, false},
		"lost twice, there":       {board{lose: 2}, 1, 1, false},
		"lost twice, not there":   {board{lose: 2, deaf: true}, 2, 0, true},
		"nobody may look":         {board{lose: 1, blind: true}, 1, 1, true},
		"nothing was lost at all": {board{}, 1, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, _ := inside(t, tc.site.answer)
				err := c.AddComment(t.Context(), "Issue", "ISS-1", "Vu & \n réglé")
				unknown := err != nil && find(err).Outcome == connectors.Unknown
				if tc.site.written != tc.written || len(tc.site.said) != tc.said || unknown != tc.unknown || (err != nil) != tc.unknown {
					t.Errorf("written %d times, said %d times, %v", tc.site.written, len(tc.site.said), err)
				}
			})
		})
	}
}

// A call by its name is made once when the reply is lost: nobody but its caller
// knows what trace it leaves.
func TestCallAfterALostReply(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := inside(t, func(http.ResponseWriter, seen, int) { panic(http.ErrAbortHandler) })
		err := c.Call(context.Background(), "erp.do", nil, nil)
		if e := find(err); e == nil || e.Outcome != connectors.Unknown || len(s.asked()) != 1 {
			t.Errorf("%d calls, %v", len(s.asked()), err)
		}
	})
}

// An upload whose reply was lost may appear a moment later.
func TestAttachIsLookedFor(t *testing.T) {
	t.Parallel()
	for there, failed := range map[int]bool{2: false, 3: false, 9: true} {
		synctest.Test(t, func(t *testing.T) {
			c, s := inside(t, func(w http.ResponseWriter, r seen, n int) {
				switch {
				case r.Method == http.MethodPost:
					panic(http.ErrAbortHandler)
				case n <= there:
					reply(w, 200, `{"data":[]}`)
				default:
					reply(w, 200, `{"data":[{"name":"f","file_url":"/private/files/x.pdf"}]}`)
				}
			})
			file, err := c.Attach(t.Context(), Attachment{Doctype: "Issue", Name: "ISS-1", FileName: "x.pdf", Content: []byte("a")})
			if lost := find(err).Lost(); lost != failed || (file.FileURL == "") != failed {
				t.Errorf("%q, %v after %d calls", file.FileURL, err, len(s.asked()))
			}
		})
	}
}
