package access

import (
	"fmt"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// Limit is one document that a user is restricted to.
type Limit struct {
	Value   string // its name
	Within  string // doctype that the restriction is for, "" is all
	Default bool   // new documents link to it
}

// Limits are a user's restrictions by the doctype that they are about: of that
// doctype, and in links to it, only the listed documents are open to him.
type Limits map[string][]Limit

// ReadLimits reads the user permissions of a user. Administrator and Guest have
// none. A node of a tree stands for the nodes below it as well.
func ReadLimits(tx *store.Tx, set *meta.Set, user string) (Limits, error) {
	if Standard(user) || set.Get("User Permission") == nil {
		return nil, nil
	}
	rows, err := tx.Known("User Permission", `SELECT allow, for_value, applicable_for, is_default, hide_descendants FROM "tabUser Permission" WHERE user = ?`, user)
	if err != nil {
		return nil, fmt.Errorf("reading the user permissions of %s: %w", user, err)
	}
	out := Limits{}
	for _, r := range rows {
		doctype, value, within := meta.Text(r["allow"]), meta.Text(r["for_value"]), meta.Text(r["applicable_for"])
		out[doctype] = append(out[doctype], Limit{Value: value, Within: within, Default: meta.Int(r["is_default"]) != 0})
		d := set.Get(doctype)
		if d == nil || d.Field("lft") == nil || meta.Int(r["hide_descendants"]) != 0 {
			continue
		}
		below, err := tx.Rows("SELECT c.name FROM "+store.Table(doctype)+" c JOIN "+store.Table(doctype)+
			" p ON c.lft > p.lft AND c.rgt < p.rgt WHERE p.name = ?", value)
		if err != nil {
			return nil, fmt.Errorf("reading what is below %s: %w", value, err)
		}
		for _, b := range below {
			out[doctype] = append(out[doctype], Limit{Value: meta.Text(b["name"]), Within: within})
		}
	}
	return out, nil
}

// Allowed returns the documents of a doctype that are open in documents of the
// doctype within, none when there is no restriction, and which of them new
// documents link to.
func (l Limits) Allowed(doctype, within string) (values []string, standard string) {
	list := l[doctype]
	for _, one := range list {
		if one.Within != "" && one.Within != within {
			continue
		}
		values = append(values, one.Value)
		if one.Default || len(list) == 1 {
			standard = one.Value
		}
	}
	return values, standard
}
