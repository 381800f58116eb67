package rules

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// maxFile is the largest file, in bytes.
const maxFile = 25 << 20

// files is File documents and the bytes behind them.
func files() map[string]document.Controller {
	return map[string]document.Controller{
		"File": {Events: hooks{"autoname": nameFile, "before_insert": keepContent, "after_insert": noteAttachment, "after_delete": dropContent}},
	}
}

func nameFile(_ *document.Session, d *document.Doc) error {
	if d.Int("is_folder") != 0 {
		d.Set("name", d.Text("folder")+"/"+d.Text("file_name"))
		return nil
	}
	b := make([]byte, 5)
	_, _ = rand.Read(b) // never fails, by the package's contract
	d.Set("name", hex.EncodeToString(b))
	return nil
}

// keepContent stores the bytes that came as "content" (base64 when "decode" is
// set) and fills what describes them.
func keepContent(s *document.Session, d *document.Doc) error {
	if d.Int("is_folder") != 0 {
		return nil
	}
	content, given, err := contentOf(d)
	if err != nil {
		return err
	}
	d.Set("file_name", path.Base(d.Text("file_name")))
	if !given {
		if d.Text("file_url") == "" {
			return exception.Invalid("URL must start with http:// or https://")
		}
		if d.Text("file_name") == "." {
			d.Set("file_name", path.Base(d.Text("file_url")))
		}
	} else {
		if len(content) > maxFile {
			return exception.Throw("MaxFileSizeReachedError", "File size exceeded the maximum allowed size of 25.0 MB")
		}
		sum := md5.Sum(content)
		d.Set("content_hash", hex.EncodeToString(sum[:]))
		d.Set("file_size", int64(len(content)))
		if err := address(s, d, content); err != nil {
			return err
		}
	}
	d.Set("file_type", strings.ToUpper(strings.TrimPrefix(path.Ext(d.Text("file_name")), ".")))
	if !truthy(d, "folder") {
		d.Set("folder", "Home")
		if truthy(d, "attached_to_doctype") {
			d.Set("folder", "Home/Attachments")
		}
	}
	d.Set("is_private", d.Int("is_private"))
	return nil
}

func contentOf(d *document.Doc) (content []byte, given bool, err error) {
	text, given := d.Get("content").(string)
	if !given {
		return nil, false, nil
	}
	if d.Int("decode") == 0 {
		return []byte(text), true, nil
	}
	if _, rest, ok := strings.Cut(text, ","); ok {
		text = rest
	}
	content, err = base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, true, exception.Raise("ValueError", "Incorrect padding")
	}
	return content, true, nil
}

// address finds the address for the content and stores the bytes under it. Equal
// bytes of equal privacy share one address; another file of the same name gets
// part of its hash appended.
func address(s *document.Session, d *document.Doc, content []byte) error {
	hash, name, prefix := d.Text("content_hash"), d.Text("file_name"), "/files/"
	if d.Int("is_private") != 0 {
		prefix = "/private/files/"
	}
	same, err := s.Tx.Value(`SELECT file_url FROM tabFile WHERE content_hash = ? AND is_private = ? LIMIT 1`, hash, d.Int("is_private"))
	if err != nil {
		return err
	}
	if same != nil {
		d.Set("file_url", same)
		return nil
	}
	taken, err := s.Tx.Content(prefix + name)
	if err != nil {
		return err
	}
	if taken != nil {
		ext := path.Ext(name)
		name = strings.TrimSuffix(name, ext) + hash[len(hash)-6:] + ext
		d.Set("file_name", name)
	}
	d.Set("file_url", prefix+name)
	return s.Tx.SetContent(prefix+name, content)
}

// noteAttachment writes on the parent's timeline that a file was attached.
func noteAttachment(s *document.Session, d *document.Doc) error {
	doctype, name := d.Text("attached_to_doctype"), d.Text("attached_to_name")
	if doctype == "" || name == "" {
		return nil
	}
	if _, ok, err := s.Exists(doctype, name); err != nil || !ok {
		return err
	}
	icon := ""
	if d.Int("is_private") != 0 {
		icon = ` <i class="fa fa-lock text-warning"></i>`
	}
	note, err := s.New("Comment", map[string]any{
		"comment_type": "Attachment", "reference_doctype": doctype, "reference_name": name,
		"content": fmt.Sprintf("<a href='%s' target='_blank'>%s</a>%s", d.Text("file_url"), d.Text("file_name"), icon),
	})
	if err != nil {
		return err
	}
	return s.As(func() error { return s.Insert(note) })
}

// dropContent removes bytes that no File names any more.
func dropContent(s *document.Session, d *document.Doc) error {
	others, err := s.Tx.Value(`SELECT count(*) FROM tabFile WHERE file_url = ?`, d.Text("file_url"))
	if err != nil || meta.Int(others) > 0 {
		return err
	}
	return s.Tx.SetContent(d.Text("file_url"), nil)
}
