package act

import (
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Copy is a clean new document made of an existing one, without what the system
// keeps and what its fields say is not copied. Its rows still name the old parent.
func Copy(doc *document.Doc) wire.Object {
	out := wire.Object{{Key: "idx", Value: doc.Get("idx")}}
	system := func(key string) bool {
		return meta.IsSystem(key) || meta.IsChildSystem(key) || strings.HasPrefix(key, "_")
	}
	for _, p := range doc.Object(true) {
		f := doc.Type.Field(p.Key)
		if system(p.Key) || p.Key == "amended_from" || f != nil && f.NoCopy {
			continue
		}
		if rows, ok := p.Value.([]wire.Object); ok {
			for i := range rows {
				clean := wire.Object{}
				for _, q := range rows[i] {
					if !system(q.Key) || q.Key == "idx" || meta.IsChildSystem(q.Key) {
						clean.Set(q.Key, q.Value)
					}
				}
				rows[i] = clean
			}
		}
		out.Set(p.Key, p.Value)
	}
	return out
}
