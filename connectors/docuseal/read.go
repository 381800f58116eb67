package docuseal

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"gigafibre.ca/targo-hub/connectors"
)

// pageSize is the most that DocuSeal gives at once.
const pageSize = 100

// SubmittersByExternalID returns the signers that carry our name for them,
// newest first, with their links. Archived submissions are among them.
func (c *Client) SubmittersByExternalID(ctx context.Context, id string) ([]Submitter, error) {
	var page struct {
		Data []Submitter `json:"data"`
	}
	query := map[string]string{"external_id": id, "limit": strconv.Itoa(pageSize)}
	if err := c.get(ctx, "submitter.list", "/submitters", query, &page); err != nil {
		return nil, err
	}
	if page.Data == nil {
		return nil, c.lacks("submitter.list", "list")
	}
	kept := page.Data[:0]
	for _, s := range page.Data {
		if s.ExternalID == id { // a server that does not know the filter gives everybody
			c.link(&s)
			kept = append(kept, s)
		}
	}
	return kept, nil
}

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

// Version returns the version that a server of one's own says it has ("2.5.3"):
// its image has a public file with it. "" when it says none, as the cloud does.
func (c *Client) Version(ctx context.Context) (string, error) {
	resp, err := c.site.Do(ctx, "version.get", http.MethodGet, "/version", nil)
	if e, ok := connectors.AsError(err); ok && e.Status >= 300 && e.Status < 500 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(resp.Body()), "\n")
	line = strings.TrimSpace(line)
	if !versionForm.MatchString(line) {
		return "", nil
	}
	return strings.TrimPrefix(line, "v"), nil
}
