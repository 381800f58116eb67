package visit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/field/mutation"
)

type photoData struct {
	Upload  string     `json:"upload"`
	Kind    string     `json:"kind"`
	TakenAt *time.Time `json:"taken_at"`
	Caption string     `json:"caption"`
	Lat     float64    `json:"lat"`
	Lon     float64    `json:"lon"`
	Signer  string     `json:"signer"` // of a signature: the name, as typed
}

// photo attaches an upload as a private file, and lists it among the photos.
func (d *Desk) photo(ctx context.Context, m mutation.Mutation) (any, error) {
	var in photoData
	if err := read(m, &in); err != nil {
		return nil, err
	}
	switch {
	case !slices.Contains([]string{"before", "after", "label", "other"}, in.Kind):
		return nil, wrong("kind", "before, after, label or other")
	case len([]rune(in.Caption)) > 140:
		return nil, wrong("caption", "at most 140 letters")
	case in.Lat < -90 || in.Lat > 90 || in.Lon < -180 || in.Lon > 180:
		return nil, wrong("lat", "a place on earth")
	}
	return d.attach(ctx, m, in)
}

// signature attaches the drawing of the customer's name.
func (d *Desk) signature(ctx context.Context, m mutation.Mutation) (any, error) {
	var in photoData
	if err := read(m, &in); err != nil {
		return nil, err
	}
	if len([]rune(in.Signer)) > 140 {
		return nil, wrong("signer", "at most 140 letters")
	}
	in.Kind = "signature"
	return d.attach(ctx, m, in)
}

// attach makes the file, then the row. The row's key, or its sum, is the trace; that
// of the file alone is its name.
func (d *Desk) attach(ctx context.Context, m mutation.Mutation, in photoData) (any, error) {
	if in.Upload == "" {
		return nil, wrong("upload", "the id of an upload")
	}
	zone, err := d.ERPNext.Zone(ctx)
	if err != nil {
		return nil, err
	}
	there, err := d.listed(ctx, m)
	if err != nil {
		return nil, err
	}
	if there != "" {
		_ = d.Pictures.Done(ctx, m.Technician, in.Upload, there) // it ends by itself otherwise
		return nil, nil
	}
	picture, err := d.Pictures.Picture(ctx, m.Technician, in.Upload)
	if err != nil {
		return nil, err
	}
	file, err := d.file(ctx, m, picture)
	if err != nil {
		return nil, err
	}
	err = d.revise(ctx, m, func(s *sheet) (erpnext.Values, error) {
		if slices.ContainsFunc(s.Photos, func(row map[string]any) bool { return isRow(row, m, in, picture) }) {
			return nil, nil
		}
		return in.values(m, s, attached{file: file, sum: picture.SHA256, zone: zone})
	})
	if err != nil {
		return nil, err
	}
	_ = d.Pictures.Done(ctx, m.Technician, in.Upload, file)
	return nil, nil
}

// Evidence attaches the picture of a mutation that met a conflict to the work order,
// for the office, and lists it nowhere.
func (d *Desk) Evidence(ctx context.Context, m mutation.Mutation) error {
	var in photoData
	if m.Kind != "photo" && m.Kind != "signature" || read(m, &in) != nil || in.Upload == "" {
		return nil
	}
	if m.Kind == "signature" {
		in.Kind = m.Kind
	}
	picture, err := d.Pictures.Picture(ctx, m.Technician, in.Upload)
	if hub.IsKind(err, hub.NotFound) || hub.IsKind(err, hub.Invalid) { // it was attached, or never came
		return nil
	}
	file := ""
	if err == nil {
		file, err = d.file(ctx, m, picture)
	}
	if err != nil {
		return err
	}
	return d.Pictures.Done(ctx, m.Technician, in.Upload, file)
}

// listed is the file of the row that an earlier try has written; "" when none has.
func (d *Desk) listed(ctx context.Context, m mutation.Mutation) (string, error) {
	job, err := erpnext.Get[sheet](ctx, d.ERPNext, doctype, m.Job)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(job.Photos, func(row map[string]any) bool { return text(row, "source_key") == m.Key })
	if i < 0 {
		return "", nil
	}
	return text(job.Photos[i], "file"), nil
}

func isRow(row map[string]any, m mutation.Mutation, in photoData, p Picture) bool {
	return text(row, "source_key") == m.Key || text(row, "sha256") == p.SHA256 && text(row, "kind") == in.Kind && in.Kind != "signature"
}

// file is the private file of the picture: of an earlier try, of another row or a
// conflict for which it was attached before, or of this one.
func (d *Desk) file(ctx context.Context, m mutation.Mutation, p Picture) (string, error) {
	mark := m.Kind + "-" + m.Key[:16]
	files, err := d.ERPNext.Attachments(ctx, doctype, m.Job)
	if err != nil {
		return "", fmt.Errorf("looking for the photo of %s: %w", m.Job, err)
	}
	for _, f := range files {
		if strings.Contains(f.FileName, mark) || p.File != "" && f.FileURL == p.File {
			return f.FileURL, nil
		}
	}
	if len(p.Body) == 0 {
		return "", hub.Fail(hub.NotFound, "not-found", "The office took the picture away; send it again.", nil)
	}
	made, err := d.ERPNext.Attach(ctx, erpnext.Attachment{Doctype: doctype, Name: m.Job, FileName: mark + p.Extension, Content: p.Body})
	return made.FileURL, err
}

// attached is a picture that ERPNext has.
type attached struct {
	file, sum string
	zone      *time.Location
}

// values are the row, and for a signature what says who signed.
func (in photoData) values(m mutation.Mutation, s *sheet, a attached) (erpnext.Values, error) {
	taken := m.At
	if in.TakenAt != nil {
		taken = in.TakenAt.Add(m.At.Sub(m.Clock)) // by the same clock as the mutation
	}
	if taken.After(m.Received) || taken.Before(m.Received.AddDate(-1, 0, 0)) { // nobody's clock
		taken = m.At
	}
	row := map[string]any{
		"file": a.file, "kind": in.Kind, "taken_at": erpnext.AtIn(taken, a.zone), "received_at": erpnext.AtIn(m.Received, a.zone), "sha256": a.sum,
		"caption": erpnext.Line(in.Caption), "technician": m.Technician, "source_key": m.Key, "latitude": in.Lat, "longitude": in.Lon,
	}
	values := erpnext.Values{"photos": erpnext.Replace(append(slices.Clone(s.Photos), row))}
	if in.Kind != "signature" {
		return values, nil
	}
	switch {
	case s.Status == erpnext.JobCancelled:
		return nil, over(s)
	case s.Signature != "" && m.BaseModified != "" && m.BaseModified != s.Modified.Text:
		return nil, hub.Fail(hub.Conflict, "document-changed", "Another signature stands there already.", nil, hub.WithState(map[string]any{"field": "signature"}))
	}
	values["customer_signature"], values["signed_at"] = a.file, erpnext.AtIn(m.At, a.zone)
	if in.Signer != "" {
		values["signed_by"] = erpnext.Line(in.Signer)
	}
	return values, nil
}
