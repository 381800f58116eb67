package fault

import (
	"encoding/json"
	"strings"
	"testing"
)

const page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

func TestRead(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, body, class, text string
		messages                int
	}{
		{
			"the message that was raised wins",
			`{"exception":"frappe.exceptions.LinkValidationError: Could not","exc_type":"LinkValidationError","exc":"[\"Traceback\"]",
			  "_server_messages":"[\"{\\\"message\\\": \\\"Could not find <b>Customer</b>: C&amp;D\\\", \\\"raise_exception\\\": 1}\", \"{\\\"message\\\": \\\"A hint\\\"}\"]"}`,
			"LinkValidationError", "Could not find Customer: C&D", 2,
		},
		{
			"none raised: all of them",
			`{"exc_type":"MandatoryError","_server_messages":"[\"{\\\"message\\\":\\\"Customer Name is required<br>\\\"}\",\"{\\\"message\\\":\\\"Territory is required\\\"}\"]"}`,
			"MandatoryError", "Customer Name is required Territory is required", 2,
		},
		{
			"a message that is a list",
			`{"exc_type":"ValidationError","_server_messages":"[\"{\\\"message\\\":[\\\"one\\\",\\\"<li>two</li>\\\"],\\\"as_list\\\":1}\"]"}`,
			"ValidationError", "one two", 1,
		},
		{"what a permission check said", `{"exc_type":"PermissionError","_error_message":"No permission for Issue"}`, "PermissionError", "No permission for Issue", 0},
		{"the last line of the exception", `{"exc_type":"ValidationError","exception":"frappe.exceptions.ValidationError: Bad: very bad"}`, "ValidationError", "Bad: very bad", 0},
		{"only the class", `{"exc_type":"DoesNotExistError"}`, "DoesNotExistError", "DoesNotExistError", 0},
		{"the second version", `{"errors":[{"type":"ValidationError","message":"Qty must be > 0","exception":"Traceback (most recent call last)"}],"messages":[{"message":"A hint"}]}`, "ValidationError", "Qty must be > 0", 2},
		{"a login", `{"message":"Incorrect password","exc_type":"AuthenticationError"}`, "AuthenticationError", "Incorrect password", 0},
		{"a page", page, "", "", 0},
		{"nothing", "", "", "", 0},
		{"half an object", `{"exc_type":"Valid`, "", "", 0},
		{"members of other types", `{"exc_type":["x"],"_server_messages":{"a":1},"exception":7,"message":{}}`, "", "", 0},
		{"messages that are no objects", `{"exc_type":"ValidationError","_server_messages":"[\"plain\", 3]"}`, "ValidationError", "plain", 1},
		{
			"an address and a host are taken out",
			`{"exc_type":"ValidationError","_error_message":"See <a href='https://erp.example.test/app/x'>X</a> at http://erp.example.test:8000/a?b=c or erp.example.test now"}`,
			"ValidationError", "See X at or now", 0,
		},
		{"a traceback is not for people", `{"exc_type":"ValidationError","_error_message":"Traceback (most recent call last)\n  File \"/srv/app.py\", line 3"}`, "ValidationError", "ValidationError", 0},
		{"escaped markup", `{"exc_type":"ValidationError","_error_message":"&lt;script&gt;x()&lt;/script&gt; bad <<b>b>v"}`, "ValidationError", "x() bad v", 0},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			class, line, messages := Read([]byte(tc.body), "erp.example.test")
			if class != tc.class || line != tc.text || len(messages) != tc.messages {
				t.Errorf("class %q, text %q, messages %q\nwant  %q,      %q", class, line, messages, tc.class, tc.text)
			}
		})
	}
	long, _ := json.Marshal(map[string]string{"exc_type": "ValidationError", "_error_message": strings.Repeat("é", 500)})
	_, line, _ := Read(long, "")
	if n := len([]rune(line)); n != maxText || !strings.HasSuffix(line, "…") {
		t.Errorf("a long text has %d runes", n)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"exc_type":"ValidationError","_server_messages":"[\"{\\\"message\\\": \\\"<b>x</b>\\\"}\"]"}`)
	f.Add(`{"errors":[{"type":"DoesNotExistError","message":"&lt;b&gt; https://erp.example.test/x"}]}`)
	f.Add(page)
	f.Add(`{"_error_message":"Traceback (most recent call last)"}`)
	f.Fuzz(func(t *testing.T, body string) {
		class, line, messages := Read([]byte(body), "erp.example.test")
		for _, s := range append(messages, line) {
			if s == class {
				continue
			}
			if strings.ContainsAny(s, "\n\r\t") || tags.MatchString(s) || urls.MatchString(s) || traces.MatchString(s) || len([]rune(s)) > maxText {
				t.Errorf("not fit for people: %q", s)
			}
		}
		if _, err := json.Marshal(messages); err != nil {
			t.Error(err)
		}
	})
}
