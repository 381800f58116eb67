package upload

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/web"
)

const (
	tus    = "1.0.0"
	stream = "application/offset+octet-stream"
)

// Mount registers the routes.
func (d *Desk) Mount(r *web.Router) {
	r.Handle(http.MethodPost, "/field/uploads", web.Technician, d.create, web.Doc{
		ID: "field-upload-create", Summary: "Begin the upload of a picture (tus 1.0.0), or find it again", Status: http.StatusCreated, Tag: "field",
		Description: "`Upload-Length`, and `Upload-Metadata` with `sha256` (hex, of all bytes) and `job`, each value in base64. The answer says in `Upload-Offset` how much is there.",
	})
	r.Handle(http.MethodGet, "/field/uploads/{id}", web.Technician, d.show, web.Doc{
		ID: "field-upload", Summary: "How far an upload is (HEAD as well)", Answer: echo.MIMEApplicationJSON, Tag: "field",
	})
	r.Handle(http.MethodPatch, "/field/uploads/{id}", web.Technician, d.patch, web.Doc{
		ID: "field-upload-append", Summary: "Send the next piece of a picture", Body: stream, Status: http.StatusNoContent, MaxBody: Largest, Budget: 2 * time.Minute, Tag: "field",
		Description: "`Upload-Offset` says where the piece begins; another one than the hub's is 409. What arrives of a piece that breaks off stays.",
	})
	r.Handle(http.MethodDelete, "/field/uploads/{id}", web.Technician, d.remove, web.Doc{
		ID: "field-upload-delete", Summary: "Give an upload up", Status: http.StatusNoContent, Tag: "field",
	})
}

// speaks refuses another version of the protocol.
func speaks(c echo.Context) bool {
	h := c.Response().Header()
	h.Set("Tus-Resumable", tus)
	version := c.Request().Header.Get("Tus-Resumable")
	if version == "" || version == tus {
		return true
	}
	h.Set("Tus-Version", tus)
	return false
}

func (d *Desk) create(c echo.Context) error {
	if !speaks(c) {
		return c.NoContent(http.StatusPreconditionFailed)
	}
	ctx := c.Request().Context()
	if actor := hub.ActorOf(ctx); !access.May(actor, access.JobPhoto) {
		return hub.Fail(hub.Forbidden, "forbidden", "The link does not carry the right to send pictures.", nil)
	}
	u, err := asked(c.Request().Header, hub.ActorOf(ctx).ID)
	if err != nil {
		return err
	}
	made, fresh, err := d.Create(ctx, u)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if fresh {
		status = http.StatusCreated
	}
	c.Response().Header().Set("Location", "/field/uploads/"+made.ID)
	made.headers(c)
	return c.JSON(status, made.shown())
}

func (d *Desk) show(c echo.Context) error {
	if !speaks(c) {
		return c.NoContent(http.StatusPreconditionFailed)
	}
	u, err := d.Find(c.Request().Context(), hub.ActorOf(c.Request().Context()).ID, c.Param("id"))
	if err != nil {
		return err
	}
	u.headers(c)
	return c.JSON(http.StatusOK, u.shown())
}

func (d *Desk) patch(c echo.Context) error {
	if !speaks(c) {
		return c.NoContent(http.StatusPreconditionFailed)
	}
	ctx, r := c.Request().Context(), c.Request()
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != stream {
		return hub.Fail(hub.Unsupported, "media-type", "Send "+stream+".", nil)
	}
	u, err := d.Find(ctx, hub.ActorOf(ctx).ID, c.Param("id"))
	if err != nil {
		return err
	}
	if at, err := strconv.ParseInt(r.Header.Get("Upload-Offset"), 10, 64); err != nil || at != u.Offset {
		return astray(u)
	}
	if err := d.take(ctx, u, r.Body); err != nil {
		return err
	}
	u.headers(c)
	return c.NoContent(http.StatusNoContent)
}

func (d *Desk) remove(c echo.Context) error {
	ctx := c.Request().Context()
	c.Response().Header().Set("Tus-Resumable", tus)
	u, err := d.Find(ctx, hub.ActorOf(ctx).ID, c.Param("id"))
	if err == nil {
		err = d.Drop(ctx, u)
	}
	if err != nil && !hub.IsKind(err, hub.NotFound) {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// take stores what arrives, piece by piece; what has arrived stays when the line
// breaks. A picture that is whole is checked.
func (d *Desk) take(ctx context.Context, u *Upload, body io.Reader) error {
	kept, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	for {
		buffer := make([]byte, piece)
		n, err := io.ReadFull(body, buffer)
		if n > 0 {
			if bad := d.Append(kept, u, buffer[:n]); bad != nil {
				return bad
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return broken(err)
		}
	}
	if !u.Whole() {
		return nil
	}
	return d.Finish(kept, u)
}

// broken is the failure of a line that ended in the middle of a piece.
func broken(err error) error {
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		return err
	}
	return hub.Fail(hub.Malformed, "body-truncated", "The line broke; what arrived is kept.", err)
}

// asked reads what an upload is to be.
func asked(h http.Header, technician string) (Upload, error) {
	u := Upload{Technician: technician}
	wrong := func(header, why string) (Upload, error) {
		return u, hub.Fail(hub.Invalid, "invalid", "The upload cannot be begun.", nil, hub.WithField("header/"+header, why))
	}
	var err error
	if u.Length, err = strconv.ParseInt(h.Get("Upload-Length"), 10, 64); err != nil || u.Length < 1 {
		return wrong("Upload-Length", "the number of bytes")
	}
	if u.Length > Largest {
		return u, hub.Fail(hub.TooLarge, "picture-too-large", "A picture has at most 12 MiB.", nil)
	}
	for pair := range strings.SplitSeq(h.Get("Upload-Metadata"), ",") {
		name, coded, _ := strings.Cut(strings.TrimSpace(pair), " ")
		value, err := base64.StdEncoding.DecodeString(coded)
		if err != nil {
			return wrong("Upload-Metadata", "values in base64")
		}
		switch name {
		case "sha256":
			u.SHA256 = strings.ToLower(string(value))
		case "job":
			u.Job = string(value)
		}
	}
	if sum, err := hex.DecodeString(u.SHA256); err != nil || len(sum) != 32 {
		return wrong("Upload-Metadata", "sha256 in hex, of all bytes")
	}
	if u.Job == "" || len(u.Job) > 140 {
		return wrong("Upload-Metadata", "job: the name of a work order")
	}
	return u, nil
}

func (u *Upload) headers(c echo.Context) {
	h := c.Response().Header()
	h.Set("Upload-Offset", strconv.FormatInt(u.Offset, 10))
	h.Set("Upload-Length", strconv.FormatInt(u.Length, 10))
	h.Set("Upload-Expires", u.Expires.Format(http.TimeFormat))
}

// shown is what the telephone is told.
func (u *Upload) shown() map[string]any {
	return map[string]any{"id": u.ID, "job": u.Job, "offset": u.Offset, "length": u.Length, "whole": u.Whole(), "expires": u.Expires}
}
