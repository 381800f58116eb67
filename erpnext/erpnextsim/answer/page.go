package answer

import (
	"fmt"
	"html"
	"net/http"
	"strconv"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
)

// Page writes the small HTML page of the WSGI layer.
func Page(w http.ResponseWriter, status int, description string) {
	title := http.StatusText(status)
	write(w, status, "text/html; charset=utf-8",
		fmt.Sprintf("<!doctype html>\n<html lang=en>\n<title>%d %s</title>\n<h1>%s</h1>\n<p>%s</p>\n", status, title, title, html.EscapeString(description)))
}

// Proxy writes the page of the web server in front.
func Proxy(w http.ResponseWriter, status int) {
	text := fmt.Sprintf("%d %s", status, http.StatusText(status))
	if status == http.StatusGatewayTimeout {
		text = "504 Gateway Time-out" // nginx spells it so
	}
	write(w, status, "text/html",
		"<html>\r\n<head><title>"+text+"</title></head>\r\n<body>\r\n<center><h1>"+text+"</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n")
}

// Website writes a page of the website that says one thing. The layout of real
// pages is not imitated.
func Website(w http.ResponseWriter, status int, title, message string) {
	name := "message"
	if title == "Page not found" {
		name = "404"
	}
	w.Header().Set("X-Page-Name", name)
	w.Header().Set("X-From-Cache", "False")
	write(w, status, "text/html; charset=utf-8", fmt.Sprintf(
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>%s</title>\n</head>\n<body>\n"+
			"<div class=\"page-card\">\n<h5>%s</h5>\n<p>%s</p>\n</div>\n</body>\n</html>\n",
		html.EscapeString(title), html.EscapeString(title), html.EscapeString(message)))
}

// Desk writes the page that starts the desk, which holds the CSRF token.
func Desk(w http.ResponseWriter, token string) {
	write(w, http.StatusOK, "text/html; charset=utf-8", fmt.Sprintf(
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>ERPNext</title>\n</head>\n<body>\n"+
			"<script>\nfrappe = {};\nfrappe.csrf_token = %q;\n</script>\n</body>\n</html>\n", token))
}

func write(w http.ResponseWriter, status int, kind, text string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}

// Explain writes an exception as a page of the website, for those who do not read
// JSON.
func Explain(w http.ResponseWriter, e *exception.Error) {
	switch {
	case e.Class == "SessionStopped":
		Website(w, e.Status, "Updating", "The system is being updated. Please refresh again after a few moments.")
	case e.Class == "QueryDeadlockError" || e.Class == "QueryTimeoutError":
		Website(w, 508, "Server Error", "")
	case e.Status == http.StatusUnauthorized:
		Website(w, e.Status, "Session Expired", "Your session has expired, please login again to continue.")
	case e.Status == http.StatusForbidden:
		Website(w, e.Status, "Not Permitted", "You do not have enough permissions to complete the action")
	case e.Status == http.StatusNotFound:
		Website(w, e.Status, "Not Found", "The resource you are looking for is not available")
	case e.Status == http.StatusTooManyRequests:
		write(w, e.Status, "text/plain; charset=utf-8", "Too Many Requests")
	default:
		Website(w, e.Status, "Server Error", "Uncaught Exception")
	}
}
