package mailjet

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-resty/resty/v2"
)

// Stored is a message as Mailjet keeps it.
type Stored struct {
	ID     string
	UUID   string
	Status string // queued, sent, opened, clicked, bounce, blocked, spam, unsub, …
}

// Find asks whether Mailjet knows a message by our id: the way to learn what
// became of a call whose answer was lost. An empty list says no. Mailjet files a
// message some seconds after it took it, so an early no is not the last word.
func (c *Client) Find(ctx context.Context, id string) ([]Stored, error) {
	found, err := list[struct {
		ID       int64  `json:"ID"`
		UUID     string `json:"UUID"`
		Status   string `json:"Status"`
		CustomID string `json:"CustomID"`
	}](ctx, c, "message.find", "/REST/message", map[string]string{"CustomID": id})
	if err != nil {
		return nil, err
	}
	stored := make([]Stored, 0, len(found))
	for _, d := range found {
		if d.CustomID == "" || d.CustomID == id {
			stored = append(stored, Stored{ID: strconv.FormatInt(d.ID, 10), UUID: d.UUID, Status: d.Status})
		}
	}
	return stored, nil
}

// Senders lists the addresses that Mailjet lets us send from, with their status
// ("Active", "Inactive"): the probe of the credentials.
func (c *Client) Senders(ctx context.Context) (map[string]string, error) {
	found, err := list[struct {
		Email  string `json:"Email"`
		Status string `json:"Status"`
	}](ctx, c, "sender.list", "/REST/sender", map[string]string{"Limit": "1000"})
	if err != nil {
		return nil, err
	}
	senders := make(map[string]string, len(found))
	for _, d := range found {
		senders[strings.ToLower(d.Email)] = d.Status
	}
	return senders, nil
}

// list reads a list of Mailjet's REST API, of which one page is enough.
func list[T any](ctx context.Context, c *Client, op, path string, query map[string]string) ([]T, error) {
	resp, err := c.kit.Do(ctx, op, http.MethodGet, path, func(r *resty.Request) {
		r.SetBasicAuth(c.cfg.APIKey.Reveal(), c.cfg.APISecret.Reveal()).SetQueryParams(query)
	})
	if err != nil {
		return nil, explained(err)
	}
	var answer struct {
		Data []T `json:"Data"`
	}
	if err := c.kit.Decode(op, resp, &answer); err != nil {
		return nil, err
	}
	if answer.Data == nil {
		return nil, c.kit.Unreadable(op, http.MethodGet, resp.StatusCode(), errors.New("no list"))
	}
	return answer.Data, nil
}
