package rules

import (
	"cmp"
	"strings"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/gateway/address"
	"gigafibre.ca/targo-hub/hub/gateway/lists"
	"gigafibre.ca/targo-hub/hub/gateway/papers"
)

// parameters refuses what means something to ERPNext on every route.
func (c *Class) parameters(r Request) error {
	seen := map[string]string{}
	for _, args := range []papers.Args{r.Query, r.Body} {
		for _, arg := range args {
			if before, twice := seen[arg.Key]; twice && before != string(arg.Value) {
				return hub.Fail(hub.Malformed, "malformed", "A parameter is sent twice with two values: which one ERPNext takes is not said.", nil)
			}
			seen[arg.Key] = string(arg.Value)
			switch arg.Key {
			case "cmd", "sid", "csrf_token":
				return hub.Fail(hub.Forbidden, "call-forbidden", "The parameter "+arg.Key+" is not taken.", nil)
			case "run_method":
				if r.Place.Kind != address.Document {
					return hub.Fail(hub.Forbidden, "call-forbidden", "The parameter run_method is not taken here.", nil)
				}
			case "expand", "expand_links", "debug", "ignore_permissions", "ignore_user_permissions":
				if papers.Truthy(arg.Value) && (r.Method == "GET" || r.Place.Kind == address.Call) {
					return hub.Fail(hub.Forbidden, "field-forbidden", "The parameter "+arg.Key+" is not taken.", nil)
				}
			}
		}
	}
	return nil
}

// references looks at everything by which a read can ask for a field: a secret
// one may not even be compared with, and fields of other doctypes are open only
// where these are.
func (c *Class) references(d *Doctype, args papers.Args) error {
	for _, arg := range args {
		var err error
		switch arg.Key {
		case "order_by", "group_by":
			err = c.opened(arg, func(v any) error { return cmp.Or(places(v), c.expressions(d, v)) })
		case "fields", "fieldname", "field", "searchfield", "pluck", "filter_fields", "fields_to_fetch", "aggregate_on_field":
			err = c.opened(arg, func(v any) error { return c.expressions(d, v) })
		case "filters", "or_filters":
			err = c.opened(arg, func(v any) error { return c.filters(d, v) })
		case "parent":
			if name, ok := papers.Text(arg.Value); !ok || name != "" && !c.May(name, Read) {
				err = closedDoctype(name, Read)
			}
		case "query":
			name, ok := papers.Text(arg.Value)
			if _, other := shapeOf(name); !ok || other || name != "" && (lists.NeverCalled(name) || !c.MayCall(name)) {
				err = closedCall(name) // one that was made for something else would get arguments nobody looked at
			}
		case "as_dict", "as_list":
			if asDict := papers.Truthy(arg.Value); (d == nil || d.Secrets != nil) && asDict != (arg.Key == "as_dict") {
				err = onlyDocuments()
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Class) opened(arg papers.Arg, look func(any) error) error {
	value, err := papers.Open(arg.Value)
	if err != nil {
		return hub.Fail(hub.Malformed, "malformed", "The parameter "+arg.Key+" is not readable JSON.", err,
			hub.WithField("/"+arg.Key, "expected JSON"))
	}
	return look(value)
}

// expressions looks at every text in a value.
func (c *Class) expressions(d *Doctype, value any) error {
	switch v := value.(type) {
	case string:
		for part := range strings.SplitSeq(v, ",") {
			if err := c.expression(d, part); err != nil {
				return err
			}
		}
	case []any:
		for _, item := range v {
			if err := c.expressions(d, item); err != nil {
				return err
			}
		}
	case map[string]any:
		for key, item := range v {
			if to, isLink := c.policy.leads(d, key); isLink && (!c.may(d, to) || c.policy.exposes(d, to)) {
				return otherField()
			}
			if err := c.expression(d, key); err != nil {
				return err
			}
			if err := c.expressions(d, item); err != nil {
				return err
			}
		}
	}
	return nil
}

// filters looks at conditions: objects by field, lists of three or four, and
// lists of lists. Values are anybody's words, unless a secret's name is all they say.
func (c *Class) filters(d *Doctype, value any) error {
	switch v := value.(type) {
	case string:
		return c.value(v)
	case map[string]any:
		for key, item := range v {
			if err := c.expression(d, key); err != nil {
				return err
			}
			if err := c.values(item); err != nil {
				return err
			}
		}
	case []any:
		return c.condition(d, v)
	}
	return nil
}

func (c *Class) condition(d *Doctype, list []any) error {
	if len(list) == 0 {
		return nil
	}
	if _, single := list[0].(string); !single {
		for _, item := range list {
			if word, isWord := item.(string); isWord { // and, or between groups
				item = []any{word}
			}
			if err := c.filters(d, item); err != nil {
				return err
			}
		}
		return nil
	}
	field := list[0]
	if len(list) > 2 {
		if _, isWord := list[min(len(list), 4)-2].(string); !isWord { // what is compared how is not sure then
			return hub.Fail(hub.Malformed, "malformed", "A filter has no operator where one belongs.", nil, hub.WithField("/filters", "expected field, operator, value"))
		}
	}
	if len(list) > 3 {
		if of, _ := list[0].(string); !c.may(d, of) {
			return closedDoctype(of, Read)
		}
		field = list[1]
	}
	if err := c.expressions(d, field); err != nil {
		return err
	}
	return c.values(list)
}

// values looks for bare names of secrets among values.
func (c *Class) values(value any) error {
	switch v := value.(type) {
	case string:
		return c.value(v)
	case []any:
		for _, item := range v {
			if err := c.values(item); err != nil {
				return err
			}
		}
	case map[string]any:
		for key, item := range v {
			if err := c.value(key); err != nil {
				return err
			}
			if err := c.values(item); err != nil {
				return err
			}
		}
	}
	return nil
}
