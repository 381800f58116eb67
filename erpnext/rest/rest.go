// Package rest writes requests to Frappe's REST API (v1, the same shape on
// versions 15 and 16) and unfolds its answers: addresses, lists of documents,
// envelopes. It calls nothing and remembers nothing.
package rest

import (
	"encoding/json"
	"errors"
	"net/url"
	"path"
	"strings"

	"github.com/google/uuid"
)

// CallName names a call for metrics and errors: "dispatch-job.get".
func CallName(doctype, verb string) string {
	return strings.ReplaceAll(strings.ToLower(doctype), " ", "-") + "." + verb
}

// MethodPath is the address of a whitelisted method.
func MethodPath(method string) string { return "/api/method/" + url.PathEscape(method) }

// ResourcePath is the address of the documents of a doctype.
func ResourcePath(doctype string) string { return "/api/resource/" + url.PathEscape(doctype) }

// V2Path is the address of the documents of a doctype in the second version of
// the API, which is used only for what the first cannot do.
func V2Path(doctype string) string { return "/api/v2/document/" + url.PathEscape(doctype) }

// V2DocumentPath is the address of a document there.
func V2DocumentPath(doctype, name string) (string, bool) {
	path, ok := DocumentPath(doctype, name)
	return "/api/v2/document" + strings.TrimPrefix(path, "/api/resource"), ok
}

// DocumentPath is the address of a document. It refuses the names that would
// lead to another resource: the empty one (the list) and those with dots as a
// segment. A slash is part of a name and is sent as it is.
func DocumentPath(doctype, name string) (string, bool) {
	segments := strings.Split(name, "/")
	for i, s := range segments {
		if s == "" || s == "." || s == ".." {
			return "", false
		}
		segments[i] = url.PathEscape(s)
	}
	return ResourcePath(doctype) + "/" + strings.Join(segments, "/"), true
}

// FileName is the name under which a file is uploaded. It keeps two uploads
// apart: Frappe assembles parts by file name.
func FileName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	ext := path.Ext(name)
	return strings.TrimSuffix(name, ext) + "-" + uuid.NewString()[:8] + ext
}

var errNothing = errors.New("the answer lacks what was asked for")

// Unfold takes the wanted member ("data", "message") out of an answer; "" is the
// whole of it. An optional member may be missing: then into stays as it is.
func Unfold(body []byte, member string, optional bool, into any) error {
	if member == "" {
		return json.Unmarshal(body, into)
	}
	var envelope map[string]json.RawMessage
	if err := json.Unmarshal(body, &envelope); err != nil {
		return err
	}
	raw, ok := envelope[member]
	switch {
	case ok:
		return json.Unmarshal(raw, into)
	case optional:
		return nil
	default:
		return errNothing
	}
}
