// Package files takes uploads for the ERPNext simulator, whole, by address or in
// chunks, and gives the bytes back to those who may read them, in parts where the
// release does. Documents of File say what is there; the bytes are in the
// database. It remembers the chunks of unfinished uploads.
package files

import (
	"slices"
	"strings"
	"sync"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/attach"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/identity"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// Shelf holds what was uploaded in part.
type Shelf struct {
	mu     sync.Mutex
	chunks map[string][]byte // by file name, as the real server has it
}

// NewShelf makes a shelf.
func NewShelf() *Shelf { return &Shelf{chunks: map[string][]byte{}} }

// Upload is one call of upload_file.
type Upload struct {
	Args  map[string]any
	File  *attach.File // the part "file", or nil
	Sized bool         // the release insists on total_file_size
}

func (u Upload) text(name string) string { return meta.Text(u.Args[name]) }

// Take stores the part "file", or an address given as file_url. The document is
// nil while chunks are missing.
func (h *Shelf) Take(s *document.Session, u Upload) (*document.Doc, error) {
	guest := s.User.Name == access.Guest
	if guest && identity.Setting(s, "allow_guests_to_upload_files", "0") != "1" {
		return nil, exception.Raise("PermissionError", "")
	}
	values := map[string]any{
		"attached_to_doctype": given(u.Args["doctype"]), "attached_to_name": given(u.Args["docname"]),
		"attached_to_field": given(u.Args["fieldname"]), "folder": u.text("folder"),
		"file_name": given(u.Args["file_name"]), "file_url": given(u.Args["file_url"]), "is_private": meta.Int(u.Args["is_private"]),
	}
	if values["folder"] == "" {
		values["folder"] = "Home"
	}
	if err := fromLibrary(s, u, values); err != nil {
		return nil, err
	}
	if !guest {
		if err := mayAttach(s, u.text("doctype"), u.text("docname")); err != nil {
			return nil, err
		}
	}
	if u.File != nil {
		whole, err := h.content(s, u, values)
		if err != nil || !whole {
			return nil, err
		}
	}
	if method := u.text("method"); method != "" {
		app, _, _ := strings.Cut(method, ".")
		return nil, exception.Throw("AppNotInstalledError", "App %s is not installed", app)
	}
	return keep(s, values)
}

// fromLibrary takes address and name from a File that is there already.
func fromLibrary(s *document.Session, u Upload, values map[string]any) error {
	name := u.text("library_file_name")
	if name == "" {
		return nil
	}
	if _, found, err := s.Exists("File", name); err != nil || !found {
		if err == nil {
			err = exception.Raise("AttributeError", "'NoneType' object has no attribute 'is_private'")
		}
		return err
	}
	file, err := s.Load("File", name)
	if err != nil {
		return err
	}
	if !Readable(s, file) {
		return s.Check(file, "read")
	}
	for _, field := range []string{"is_private", "file_url", "file_name"} {
		values[field] = file.Get(field)
	}
	return nil
}

// content puts the uploaded bytes into the values; whole is false while chunks are
// missing.
func (h *Shelf) content(s *document.Session, u Upload, values map[string]any) (whole bool, err error) {
	name, content := strings.ReplaceAll(u.File.Name, "/", ""), u.File.Content
	total, sized := u.Args["total_file_size"]
	if s.Profile == profile.V16 && u.Sized && !sized {
		return false, exception.Raise("TypeError", "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'")
	}
	if _, chunked := u.Args["chunk_byte_offset"]; s.Profile == profile.V16 && sized && (chunked || u.Args["chunk_index"] != nil) {
		if content, whole = h.chunk(name, content, meta.Int(total)); !whole {
			return false, nil
		}
	}
	if size, most := int64(len(content)), MaxSize(s, 0); size > most {
		text := "File size exceeded the maximum allowed size of " + mega(most) + " MB"
		if d := s.Set.Get("System Settings"); d != nil && s.User.On(d, "write") != access.None {
			text += ".<br>You can increase the limit from System Settings."
		}
		return false, exception.Throw("MaxFileSizeReachedError", "%s", text)
	}
	if !s.User.Desk && !slices.Contains(harmless(s.Profile), bareKind(name)) {
		words := "JPG, PNG, PDF"
		if s.Profile == profile.V16 {
			words = "JPG, PNG, GIF, PDF"
		}
		return false, exception.Invalid("You can only upload %s, TXT, CSV or Microsoft documents.", words)
	}
	values["file_name"], values["content"] = name, string(content)
	return true, nil
}

// chunk appends to what is there under the same name; two uploads of one name mix.
func (h *Shelf) chunk(name string, content []byte, total int64) ([]byte, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.chunks[name] = append(h.chunks[name], content...)
	if int64(len(h.chunks[name])) < total {
		return nil, false
	}
	whole := h.chunks[name]
	delete(h.chunks, name)
	return whole, true
}
