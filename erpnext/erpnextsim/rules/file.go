package rules

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
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
		"File": {
			Events: hooks{
				"autoname": nameFile, "before_insert": document.Chain(limitAttachments, keepContent), "after_insert": noteAttachment,
				"on_trash": noteRemoval, "after_delete": dropContent,
			},
			Permit: permitFile,
		},
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
	d.Set("file_name", strings.ReplaceAll(d.Text("file_name"), "/", ""))
	if !given {
		if err := checkURL(d); err != nil {
			return err
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
	if !d.Holds("folder") {
		d.Set("folder", "Home")
		if d.Holds("attached_to_doctype") {
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

func checkURL(d *document.Doc) error {
	url := d.Text("file_url")
	switch {
	case url == "" && d.Text("file_name") == "":
		return exception.Throw("MandatoryError", "Fields `file_name` or `file_url` must be set for File")
	case !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "/files/") &&
		!strings.HasPrefix(url, "/private/files/") && !strings.HasPrefix(url, "/api/method/"):
		return exception.Titled("ValidationError", "Invalid URL", "URL must start with http:// or https://")
	case d.Text("file_name") == "":
		d.Set("file_name", path.Base(url))
	}
	if strings.HasPrefix(url, "/private") {
		d.Set("is_private", int64(1))
	}
	return nil
}

// dropContent removes bytes that no File names any more.
func dropContent(s *document.Session, d *document.Doc) error {
	others, err := s.Tx.Value(`SELECT count(*) FROM tabFile WHERE file_url = ?`, d.Text("file_url"))
	if err != nil || meta.Int(others) > 0 {
		return err
	}
	return s.Tx.SetContent(d.Text("file_url"), nil)
}
