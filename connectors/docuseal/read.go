package docuseal

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	pageSize = 100 // the most that DocuSeal gives
	mostPage = 50  // of one reconciliation
)

// Documents returns the files of a submission with fresh links. Before all have
// signed they show the values so far.
func (c *Client) Documents(ctx context.Context, submission int64) ([]Document, error) {
	var answer struct {
		ID        int64      `json:"id"`
		Documents []Document `json:"documents"`
	}
	path := "/submissions/" + strconv.FormatInt(submission, 10) + "/documents"
	if err := c.get(ctx, "submission.documents", path, nil, &answer); err != nil {
		return nil, err
	}
	if answer.Documents == nil {
		return nil, c.lacks("submission.documents", "list")
	}
	return answer.Documents, nil
}

// Download returns the PDF behind the link of a document, at most 25 MiB. Of
// the link only the path is used: it is fetched from the configured server,
// without the token, whatever host the link names (behind a proxy it is often
// the public one). Anything but a PDF is refused: an expired link or a sign-in
// page must not be filed as a signed contract.
func (c *Client) Download(ctx context.Context, link string) ([]byte, error) {
	const op = "file.get"
	u, err := url.Parse(link)
	if err != nil || !strings.HasPrefix(u.Path, "/") {
		return nil, c.site.Local(op, errors.New("the link of the document is not an address"))
	}
	path := u.EscapedPath()
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	resp, err := c.site.Do(ctx, op, http.MethodGet, "/"+strings.TrimLeft(path, "/"), nil)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(resp.Body(), []byte("%PDF-")) {
		return nil, c.site.Unreadable(op, http.MethodGet, resp.StatusCode(), errors.New("not a PDF"))
	}
	return resp.Body(), nil
}

// Completed returns the submissions that were completed at or after an instant,
// newest first, as the events that their webhooks carried or should have
// carried. Ask with some overlap and tell duplicates by the submission.
//
// The feed counts in whole seconds and its cursors read backwards: before=T
// gives what was completed after the second T, after=T what was completed before
// it. A page may end inside a second, so the next one starts with that second
// again.
func (c *Client) Completed(ctx context.Context, since time.Time) ([]Event, error) {
	var all []Event
	seen := map[string]bool{}
	query := map[string]string{"before": strconv.FormatInt(since.Unix()-1, 10), "limit": strconv.Itoa(pageSize)}
	for range mostPage {
		var page struct {
			Data       []Event `json:"data"`
			Pagination struct {
				Next int64 `json:"next"`
			} `json:"pagination"`
		}
		if err := c.get(ctx, "event.list", "/events/submission/completed", query, &page); err != nil {
			return nil, err
		}
		if page.Data == nil {
			return nil, c.lacks("event.list", "list")
		}
		fresh := 0
		for _, e := range page.Data {
			if key := EventKey(e); !seen[key] {
				seen[key] = true
				fresh++
				all = append(all, e)
			}
		}
		if len(page.Data) < pageSize || page.Pagination.Next == 0 {
			return all, nil
		}
		next := page.Pagination.Next + 1
		if fresh == 0 {
			next = page.Pagination.Next // a second with more than a page in it
		}
		query["after"] = strconv.FormatInt(next, 10)
	}
	return all, nil
}
