// Package act runs the methods of documents of the ERPNext simulator: of stored
// ones, and of those that a caller sends along.
package act

import (
	"errors"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Showing runs a method and shows the document beside its result. A method that is
// not there is an attribute that Python does not find.
func Showing(s *document.Session, doc *document.Doc, m Method) (any, error) {
	if err := s.Check(doc, m.Right); err != nil {
		return nil, err
	}
	value, err := Run(s, doc, m)
	var e *exception.Error
	if errors.As(err, &e) && e.Class == "NotFound" {
		return nil, exception.Raise("AttributeError", "'%s' object has no attribute '%s'", strings.ReplaceAll(doc.Type.Name, " ", ""), m.Name)
	}
	s.Put("docs", []*document.Doc{doc})
	return value, err
}

// OfSent is the second version's run_doc_method: the document comes along, and
// goes back with the result.
func OfSent(s *document.Session, verb string, args map[string]any, shared map[string]document.Method) (any, error) {
	for _, name := range []string{"method", "document"} {
		if _, ok := args[name]; !ok {
			return nil, exception.Raise("TypeError", "run_doc_method() missing 1 required positional argument: '%s'", name)
		}
	}
	right := "read"
	if verb == "POST" {
		right = "write"
	}
	given, _ := args["kwargs"].(map[string]any)
	return InMemory(s, args["document"], Method{Name: meta.Text(args["method"]), Right: right, Args: given, Shared: shared})
}

// InMemory runs a method of a document as it was sent, which may be newer than the
// stored one, but not older.
func InMemory(s *document.Session, sent any, m Method) (any, error) {
	if text, ok := sent.(string); ok {
		v, err := wire.Decode([]byte(text))
		if err != nil {
			return nil, exception.Raise("JSONDecodeError", "%s", err)
		}
		sent = v
	}
	values, ok := sent.(map[string]any)
	if !ok {
		return nil, exception.Raise("FrappeTypeError", "Argument 'document' should be of type 'dict[str, Any] | str' but got 'NoneType' instead.")
	}
	doc, err := s.New(meta.Text(values["doctype"]), values)
	if err != nil {
		return nil, err
	}
	stored, found, err := s.Exists(doc.Type.Name, doc.Name())
	if err != nil {
		return nil, err
	}
	if found {
		modified, err := s.Value(doc.Type.Name, stored, "modified")
		if err != nil {
			return nil, err
		}
		if meta.Text(modified) != doc.Text("modified") {
			return nil, exception.Throw("TimestampMismatchError",
				"Error: Document has been modified after you have opened it (%s, %s). Please refresh to get the latest document.",
				meta.Text(modified), doc.Text("modified"))
		}
		doc.Known()
	} else if _, fresh := values["__islocal"]; !fresh {
		name := doc.Name()
		if name == "" {
			name = "None"
		}
		return nil, exception.Missing(doc.Type.Name, name)
	}
	return Showing(s, doc, m)
}

// Method is a method of a document, and the right that its caller needs.
type Method struct {
	Name, Right string
	Args        map[string]any
	Shared      map[string]document.Method // what every document can do
}

// Run runs a method of a document.
func Run(s *document.Session, doc *document.Doc, m Method) (any, error) {
	run := s.Rules[doc.Type.Name].Methods[m.Name]
	if run == nil {
		run = m.Shared[m.Name]
	}
	switch {
	case run != nil:
	case slices.Contains(closed(), m.Name):
		return nil, exception.NotWhitelisted(s.Profile, "frappe.model.document."+m.Name)
	default:
		return nil, exception.Page("NotFound", "Method "+m.Name+" not found")
	}
	if err := s.Check(doc, m.Right); err != nil {
		return nil, err
	}
	return run(s, doc, m.Args)
}

// closed is methods of every document that callers may not run.
func closed() []string {
	return []string{
		"save", "insert", "delete", "reload", "load_from_db", "db_set", "db_get", "db_update", "db_insert", "get", "set", "update",
		"append", "extend", "remove", "as_dict", "as_json", "run_method", "validate", "has_permission", "check_permission",
		"get_password", "lock", "unlock", "notify_update", "get_title", "get_url", "add_viewed", "get_doc_before_save",
	}
}

// SetDocstatus is submit and cancel.
func SetDocstatus(to int64) document.Method {
	return func(s *document.Session, d *document.Doc, _ map[string]any) (any, error) {
		d.Set("docstatus", to)
		return d, s.Save(d)
	}
}
