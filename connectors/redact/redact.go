// Package redact takes secrets out of texts that people will read. It calls
// nothing and remembers nothing.
package redact

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const hidden = "[secret]"

// What gives secrets away by its shape, wherever it stands in a text.
var (
	userinfo   = regexp.MustCompile(`(://)[^/?#@\s"']+@`)
	queryValue = regexp.MustCompile(`(?i)([?&;](?:[a-z0-9_.-]*(?:token|key|secret|password|passwd|pwd|signature|sig|auth|jwt)[a-z0-9_.-]*|code)=)[^&;#\s"']+`)
	credential = regexp.MustCompile(`(?i)\b(bearer\s+|basic\s+|token\s+[^\s:"']+:)[a-z0-9._~+/=-]{6,}`)
	jsonToken  = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`)
)

// Text replaces the secrets in a text by "[secret]": the given ones, also
// where they are escaped for an address or encoded in base64, and whatever
// looks like one (credentials in an address, tokens in a query, Bearer and
// Basic headers, JWTs).
func Text(text string, secrets ...string) string {
	for _, form := range forms(secrets) {
		text = strings.ReplaceAll(text, form, hidden)
	}
	text = userinfo.ReplaceAllString(text, "${1}"+hidden+"@")
	text = queryValue.ReplaceAllString(text, "${1}"+hidden)
	text = credential.ReplaceAllString(text, "${1}"+hidden)
	return jsonToken.ReplaceAllString(text, hidden)
}

// forms lists the shapes in which the secrets may stand, longest first, so that
// a secret that begins another one leaves no rest behind.
func forms(secrets []string) []string {
	var all []string
	for _, s := range secrets {
		if len(s) < 4 {
			continue // not a secret, and it would tear holes into words
		}
		all = append(all, s, url.QueryEscape(s), url.PathEscape(s), base64.StdEncoding.EncodeToString([]byte(s)))
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(all)
}
