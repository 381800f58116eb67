package erpnextsim

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/query"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/removal"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/rpc"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// second routes the second version of the API; path is what follows /api/v2/.
func (c *call) second(path string) (reply, error) {
	kind, rest, _ := strings.Cut(path, "/")
	doctype, name, named := strings.Cut(rest, "/")
	v16 := c.site.opts.Profile == profile.V16
	var res reply
	var err error
	switch {
	case kind == "method" && rest != "":
		res, err = c.procedure(doctype)
	case kind == "doctype" && name == "meta":
		res.value, err = rpc.Describe(c.ses, doctype)
	case kind == "doctype" && name == "count":
		res.value, err = c.count(doctype)
	case kind != "document" || doctype == "":
		err = exception.Raise("DoesNotExistError", "")
	case !named || name == "":
		res, err = c.collection2(doctype)
	case v16 && c.r.Method == http.MethodPost && (name == "bulk_delete" || name == "bulk_update"):
		res, err = c.bulk(doctype, name)
	case v16 && strings.HasSuffix(name, "/copy"):
		res.value, err = c.copy(doctype, strings.TrimSuffix(name, "/copy"))
	case strings.Contains(name, "/method/"):
		i := strings.LastIndex(name, "/method/")
		res, err = c.method2(doctype, name[:i], name[i+len("/method/"):])
	default:
		res, err = c.one2(doctype, name)
	}
	res.member = "data"
	return res, err
}

func (c *call) method2(doctype, name, method string) (reply, error) {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodPost {
		return reply{}, wrongVerb("GET, HEAD, OPTIONS, POST")
	}
	return c.runMethod(doctype, name, method)
}

func (c *call) one2(doctype, name string) (reply, error) {
	switch c.r.Method {
	case http.MethodGet, http.MethodHead:
		doc, err := c.read(doctype, name)
		return reply{value: doc}, err
	case http.MethodPut, http.MethodPatch:
		delete(c.args, "data")
		doc, err := c.update(doctype, name)
		return reply{value: doc}, err
	case http.MethodDelete:
		return reply{status: http.StatusAccepted, value: "ok"}, c.remove(doctype, name)
	}
	return reply{}, wrongVerb("DELETE, GET, HEAD, OPTIONS, PATCH, PUT")
}

func (c *call) collection2(doctype string) (reply, error) {
	switch c.r.Method {
	case http.MethodGet, http.MethodHead:
		if c.site.opts.Profile == profile.V15 {
			delete(c.args, "limit_page_length")
			value, err := c.list(doctype)
			return reply{value: value}, err
		}
		return c.list2(doctype)
	case http.MethodPost:
		delete(c.args, "doctype")
		doc, err := c.ses.New(doctype, c.args)
		if err != nil {
			return reply{}, err
		}
		if c.site.opts.Profile == profile.V16 {
			doc.FixedName = meta.Text(c.args["name"])
		}
		return reply{value: doc}, c.ses.Insert(doc)
	}
	return reply{}, wrongVerb("GET, HEAD, OPTIONS, POST")
}

// list2 is the newer release's own list: a limit of 0 is no rows, and one row
// more than asked tells whether there is a next page.
func (c *call) list2(doctype string) (reply, error) {
	limit := int64(20)
	if v, ok := c.args["limit"]; ok {
		limit = meta.Int(v)
	}
	fields, err := query.Decode(c.args["fields"])
	if err != nil {
		return reply{}, exception.Invalid("Invalid value for fields")
	}
	res, err := query.Run(c.ses, query.Request{
		Doctype: doctype, Fields: fields, Filters: c.args["filters"], OrFilters: c.args["or_filters"],
		GroupBy: meta.Text(c.args["group_by"]), OrderBy: meta.Text(c.args["order_by"]),
		Start: meta.Int(c.args["start"]), Limit: limit + 1, Parent: meta.Text(c.args["parent"]), Plain: true,
	})
	if err != nil {
		return reply{}, err
	}
	more := int64(len(res.Values)) > limit
	if more {
		res.Values = res.Values[:limit]
	}
	out := reply{value: res.Objects(), extra: wire.Object{{Key: "has_next_page", Value: more}}}
	if flag, ok := c.args["as_dict"].(bool); ok && !flag {
		out.value = res.Lists()
	}
	return out, nil
}

// bulk deletes or updates several documents, each on its own: failures are listed
// and the answer is 200 all the same. More than 20 would go to a background job.
func (c *call) bulk(doctype, what string) (reply, error) {
	key, done := "names", "deleted"
	if what == "bulk_update" {
		key, done = "docs", "updated"
	}
	items, ok := c.args[key].([]any)
	if !ok {
		return reply{}, exception.Raise("FrappeTypeError", "Argument '%s' should be of type 'list' but got 'NoneType' instead.", key)
	}
	if len(items) > 20 {
		return reply{}, exception.Raise("QueueOverloaded", "Background jobs are not imitated")
	}
	good, failed := []any{}, []any{}
	for i, item := range items {
		name := meta.Text(item)
		values, _ := item.(map[string]any)
		if values != nil {
			name = meta.Text(values["name"])
		}
		err := c.ses.Tx.Savepoint(fmt.Sprintf("bulk%d", i), func() error { return c.bulkOne(doctype, name, values) })
		var e *exception.Error
		switch {
		case err == nil:
			good = append(good, name)
		case errors.As(err, &e):
			failed = append(failed, wire.Object{{Key: "name", Value: name}, {Key: "error", Value: e.Text}})
		default:
			return reply{}, err
		}
	}
	return reply{value: wire.Object{
		{Key: done, Value: good},
		{Key: "failed", Value: failed},
		{Key: "total", Value: len(items)},
		{Key: "success_count", Value: len(good)},
		{Key: "failure_count", Value: len(failed)},
	}}, nil
}

func (c *call) bulkOne(doctype, name string, values map[string]any) error {
	if values == nil {
		return removal.Delete(c.ses, doctype, name)
	}
	doc, err := c.ses.Load(doctype, name)
	if err != nil {
		return err
	}
	return saveWith(c.ses, doc, values)
}
