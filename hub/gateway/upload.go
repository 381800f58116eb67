package gateway

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/gateway/papers"
	"gigafibre.ca/targo-hub/hub/gateway/rules"
)

const (
	longestFile   = 10 << 20
	longestUpload = longestFile + 64<<10 // the file and what is around it
	longestField  = 16 << 10
	mostParts     = 32
)

// upload passes a file on while it comes in. The form is written anew part by
// part, so that both sides read the same form; what may not pass ends the call
// before the form is whole, and half a form does nothing.
func (g *Gateway) upload(c echo.Context) error {
	if g.site == nil {
		return off()
	}
	r := c.Request()
	o, form, err := g.uploadOrder(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), g.cfg.UploadBudget, errBudget)
	defer cancel()
	o.ctx = ctx
	if err := g.asks(o); err != nil {
		return err
	}
	from, to := io.Pipe()
	rewriting := make(chan error, 1)
	out := multipart.NewWriter(to)
	o.header["Content-Type"] = []string{out.FormDataContentType()}
	o.body, o.length = from, -1
	go func() {
		err := g.rewrite(o, form, out)
		rewriting <- err
		if err != nil {
			cancel() // the caller's fault, not ERPNext's: nobody counts it
		}
		_ = to.CloseWithError(err)
	}()
	resp, err := g.site.Forward(ctx, o.pass())
	_ = from.Close()
	wrong := stopped(c, rewriting)
	g.touched(o)
	refused := err == nil && resp.StatusCode >= http.StatusBadRequest // by the site, before it had read all
	if wrong != nil && !refused && !errors.Is(wrong, io.ErrClosedPipe) {
		if err == nil {
			_ = resp.Body.Close()
		}
		g.ended(o, "broken off", nil)
		return wrong
	}
	return g.deliver(c, o, resp, err)
}

// uploadOrder decides what can be decided before the form is read.
func (g *Gateway) uploadOrder(r *http.Request) (*order, *multipart.Reader, error) {
	actor := hub.ActorOf(r.Context())
	place, _, args, err := parts(r.URL.EscapedPath()+"?"+r.URL.RawQuery, r.Method)
	if err != nil {
		return nil, nil, err
	}
	if len(args) > 0 {
		return nil, nil, hub.Fail(hub.Malformed, "malformed", "Send the arguments of an upload in the form.", nil)
	}
	o := &order{class: g.policy.ClassOf(actor), method: r.Method, actor: actor, place: place, target: place.Path, header: headerFor(actor, "")}
	o.Action, o.Mutates = "upload", true
	if !o.class.MayCall(place.Method) {
		return nil, nil, hub.Fail(hub.Forbidden, "call-forbidden", "This method is not open to you.", nil)
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return nil, nil, hub.Fail(hub.Unsupported, "media-type", "Send multipart/form-data.", err)
	}
	return o, multipart.NewReader(r.Body, params["boundary"]), nil
}

// rewrite copies the form. The verdict comes with the last part; only then the
// form is made whole.
func (g *Gateway) rewrite(o *order, form *multipart.Reader, out *multipart.Writer) error {
	var args papers.Args
	files := 0
	for range mostParts {
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			if err := g.verdict(o, args, files); err != nil {
				return err
			}
			return out.Close()
		}
		if err != nil {
			return broken(err)
		}
		if part.Header.Get("Content-Transfer-Encoding") != "" {
			return hub.Fail(hub.Malformed, "malformed", "The parts of the form must come as they are.", nil)
		}
		if part.FileName() != "" {
			files++
			err = copyFile(part, out)
		} else {
			args, err = copyField(part, out, args)
		}
		if err != nil {
			return err
		}
	}
	return hub.Fail(hub.Malformed, "malformed", "The form has too many parts.", nil)
}

// verdict decides the whole form.
func (g *Gateway) verdict(o *order, args papers.Args, files int) error {
	if files != 1 {
		return hub.Fail(hub.Invalid, "invalid", "The form must hold one file.", nil, hub.WithField("/file", "expected one file"))
	}
	verdict, err := o.class.Check(rules.Request{Method: o.method, Place: o.place, Body: args})
	if err != nil {
		return err
	}
	verdict.Action = o.Action
	o.Verdict = verdict
	return nil
}

// copyField copies what is not a file. Fields by which ERPNext would fetch a
// file from elsewhere, or run a method on it, are not taken.
func copyField(part *multipart.Part, out *multipart.Writer, args papers.Args) (papers.Args, error) {
	name := part.FormName()
	switch name {
	case "doctype", "docname", "fieldname", "folder", "is_private", "file_name", "optimize", "max_width", "max_height",
		"total_file_size", "chunk_index", "total_chunk_count", "chunk_byte_offset":
	default:
		return nil, hub.Fail(hub.Forbidden, "call-forbidden", "The form has a field that is not taken.", nil)
	}
	value, err := io.ReadAll(io.LimitReader(part, longestField+1))
	if err != nil {
		return nil, broken(err)
	}
	if len(value) > longestField || !utf8.Valid(value) {
		return nil, hub.Fail(hub.Malformed, "malformed", "A field of the form is too long, or no text.", nil)
	}
	quoted, err := papers.Quote(string(value))
	if err != nil {
		return nil, err
	}
	return append(args, papers.Arg{Key: name, Value: quoted}), out.WriteField(name, string(value))
}

// copyFile copies the file under a header of ours.
func copyFile(part *multipart.Part, out *multipart.Writer) error {
	name := part.FileName()
	if part.FormName() != "file" || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == '/' || c == '\\' || c == utf8.RuneError }) {
		return hub.Fail(hub.Malformed, "malformed", "The file must be called file and have a plain name.", nil)
	}
	kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
	if err != nil {
		kind = "application/octet-stream"
	}
	h := textproto.MIMEHeader{}
	h.Set("Content-Disposition", multipart.FileContentDisposition("file", name))
	h.Set("Content-Type", kind)
	to, err := out.CreatePart(h)
	if err != nil {
		return err
	}
	n, err := io.Copy(to, io.LimitReader(part, longestFile+1))
	if n > longestFile {
		return hub.Fail(hub.TooLarge, "body-too-large", "A file has at most 10 MiB.", nil)
	}
	if err != nil && !errors.Is(err, io.ErrClosedPipe) {
		return broken(err)
	}
	return err
}
