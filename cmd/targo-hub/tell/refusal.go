package tell

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Refusal puts what the hub answered into words: its own, and which value is
// wrong. An answer without words is told by its status.
func Refusal(status int, body []byte) error {
	var problem struct {
		Detail string `json:"detail"`
		Errors []struct {
			Pointer string `json:"pointer"`
			Detail  string `json:"detail"`
		} `json:"errors"`
	}
	_ = json.Unmarshal(body, &problem)
	said := []string{strings.TrimSpace(fmt.Sprintf("the hub answered %d: %s", status, problem.Detail))}
	for _, e := range problem.Errors {
		said = append(said, fmt.Sprintf("%s %s", strings.TrimPrefix(e.Pointer, "/"), e.Detail))
	}
	if status == http.StatusUnauthorized {
		said = append(said, "the running hub may have other TARGO_ACCESS_KEYS than this shell")
	}
	return fmt.Errorf("%s", strings.Join(said, "; "))
}
