package erpnextsim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// said is what the site answered to a row.
type said struct {
	status int
	header http.Header
	text   string
	json   any
}

// ask sends the row's request. Redirects are not followed, cookies not kept.
func (c *conversation) ask(r row) said {
	c.Helper()
	method, path, _ := strings.Cut(c.text(r.Do), " ")
	body, kind := c.body(r)
	req, err := http.NewRequestWithContext(context.WithoutCancel(c.Context()), method, c.site.url+escape(path)+c.query(r.Query), body)
	if err != nil {
		c.Fatalf("%s: %v", r.Says, err)
	}
	req.Header.Set("Accept", "application/json")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if c.site.host != "" {
		req.Header.Set("X-Frappe-Site-Name", c.site.host)
	}
	if keys := c.keys(r.As); keys != "" {
		req.Header.Set("Authorization", "token "+keys)
	}
	for k, v := range r.Headers {
		req.Header.Set(k, c.text(v))
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		c.Fatalf("%s: %v", r.Says, err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.Errorf("%s: %v", r.Says, err)
	}
	a := said{status: res.StatusCode, header: res.Header, text: string(text)}
	_ = json.Unmarshal(text, &a.json) // pages are no JSON
	return a
}

// keys is the key pair of who asks. Before the run has made its users, the owner asks.
func (c *conversation) keys(who string) string {
	switch who {
	case "guest":
		return ""
	case "owner":
		return c.site.owner
	case "":
		who = "hub"
	}
	if keys, ok := c.vars[who+"keys"]; ok {
		return c.text(keys)
	}
	if c.vars[who+"key"] == nil || c.vars[who+"secret"] == nil {
		return c.site.owner
	}
	return c.text("$" + who + "key:$" + who + "secret")
}

func (c *conversation) body(r row) (io.Reader, string) {
	switch {
	case r.JSON != nil:
		return strings.NewReader(encode(c.fill(r.JSON))), "application/json"
	case r.Form != nil:
		return strings.NewReader(c.values(r.Form).Encode()), "application/x-www-form-urlencoded"
	case r.File != nil:
		var out bytes.Buffer
		form := multipart.NewWriter(&out)
		for k, v := range r.File.Fields {
			_ = form.WriteField(k, c.text(v)) // a buffer takes everything
		}
		if r.File.Name != "" {
			part, _ := form.CreateFormFile("file", c.text(r.File.Name))
			_, _ = io.WriteString(part, c.text(r.File.Content))
		}
		_ = form.Close()
		return &out, form.FormDataContentType()
	case r.Raw != "":
		return strings.NewReader(c.text(r.Raw)), "application/json"
	}
	return http.NoBody, ""
}

func (c *conversation) values(in map[string]any) url.Values {
	q := url.Values{}
	for k, v := range in {
		q.Set(k, c.text(v))
	}
	return q
}

func (c *conversation) query(in map[string]any) string {
	if len(in) == 0 {
		return ""
	}
	return "?" + c.values(in).Encode()
}

// escape encodes what cannot stand in an address; % and / stay as they are written.
func escape(path string) string {
	var out strings.Builder
	for _, b := range []byte(path) {
		if b <= ' ' || b >= 0x7f || strings.IndexByte(`"<>\^{|}`+"`", b) >= 0 {
			out.WriteString("%" + strings.ToUpper(strconv.FormatInt(int64(b)|0x100, 16)[1:]))
			continue
		}
		out.WriteByte(b)
	}
	return out.String()
}

// at finds something in the answer: "data.0.name", "cookie sid", "head Allow" or
// "text REGEXP" (its first group).
func (a said) at(path string) any {
	kind, rest, _ := strings.Cut(path, " ")
	switch kind {
	case "cookie":
		for _, cookie := range (&http.Response{Header: a.header}).Cookies() {
			if cookie.Name == rest {
				return cookie.Value
			}
		}
		return nil
	case "text":
		if m := regexp.MustCompile(rest).FindStringSubmatch(a.text); m != nil {
			return m[1]
		}
		return nil
	}
	v := a.json
	for key := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// rows is the list that the answer holds.
func (a said) rows() []any {
	for _, key := range []string{"data", "message"} {
		if list, ok := a.at(key).([]any); ok {
			return list
		}
	}
	return nil
}

// messages decodes what is to be told to the user, of both versions of the API.
func (a said) messages() []string {
	var out []string
	take := func(v any) {
		if m, ok := v.(map[string]any); ok {
			if text, ok := m["message"].(string); ok {
				out = append(out, text)
			}
		}
	}
	for _, key := range []string{"errors", "messages"} {
		list, _ := a.at(key).([]any)
		for _, item := range list {
			take(item)
		}
	}
	outer, _ := a.at("_server_messages").(string)
	var texts []string
	_ = json.Unmarshal([]byte(outer), &texts) // what does not decode is missed by the comparison
	for _, text := range texts {
		var m any
		_ = json.Unmarshal([]byte(text), &m)
		take(m)
	}
	return out
}
