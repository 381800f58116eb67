package docuseal

import (
	"cmp"
	"strconv"

	"gigafibre.ca/targo-hub/hub/glance"
)

// glanceHead reads the head of a webhook in one pass and without decoding the
// rest. ok is false when there is any doubt, a fault of the body included.
func glanceHead(body []byte) (head Head, ok bool) {
	var kind, timestamp string
	var envelope, within int64
	data := false
	c := glance.At(body)
	c.Object([]string{"event_type", "timestamp", "data"}, func(i int) {
		switch i {
		case 0:
			c.Text(&kind)
		case 1:
			c.Text(&timestamp)
		case 2:
			data = c.Object([]string{"id", "submission_id", "submission"}, func(i int) {
				switch i {
				case 0:
					c.Int(&head.ID)
				case 1:
					c.Int(&envelope)
				case 2:
					c.Object([]string{"id"}, func(int) { c.Int(&within) })
				}
			})
		}
	})
	if !c.OK() || !data || kind == "" {
		return Head{}, false
	}
	id := ""
	if head.ID != 0 {
		id = strconv.FormatInt(head.ID, 10)
	}
	head.Type, head.Key, head.Envelope = kind, eventKey(kind, id, timestamp), cmp.Or(envelope, within)
	return head, true
}
