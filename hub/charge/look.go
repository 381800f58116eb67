package charge

import (
	"net/http"
	"strings"
)

func isRead(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// calls tells, without taking the address apart, that a read may run a method:
// the path leads to one, or a parameter whose name is cmd or run_method, however
// it is written.
func calls(target string) bool {
	path, query, _ := strings.Cut(target, "?")
	if !strings.HasPrefix(path, "/api/resource/") && (strings.Contains(path, "/method") || strings.Contains(path, "%")) {
		return true
	}
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		key, _, _ := strings.Cut(pair, "=")
		if key == "cmd" || key == "run_method" || key == "method" || strings.Contains(key, "%") {
			return true
		}
	}
	return false
}
