package files

import (
	"path"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// unknownKind is what bytes are when their name does not tell.
const unknownKind = "application/octet-stream"

// kindOf is the content type for a file name; text comes with its charset.
func kindOf(name string) string {
	kind := bareKind(name)
	if strings.HasPrefix(kind, "text/") {
		kind += "; charset=utf-8"
	}
	return kind
}

// bareKind guesses the type by the end of the name, as Python does.
func bareKind(name string) string {
	if kind, ok := kinds[strings.ToLower(path.Ext(name))]; ok {
		return kind
	}
	return unknownKind
}

// harmless are the types that callers without a desk may upload.
func harmless(release profile.Profile) []string {
	list := []string{
		"image/png", "image/jpeg", "application/pdf", "application/msword", kinds[".docx"], kinds[".xls"], kinds[".xlsx"],
		kinds[".odt"], kinds[".ods"], "text/plain", "video/quicktime", "video/mp4", "text/csv",
	}
	if release == profile.V16 {
		list = append(list, "image/gif")
	}
	return list
}

// kinds is never changed.
var kinds = map[string]string{
	".txt": "text/plain", ".log": "text/plain", ".csv": "text/csv", ".html": "text/html", ".htm": "text/html", ".css": "text/css",
	".xml": "text/xml", ".js": "text/javascript", ".md": "text/markdown", ".ics": "text/calendar", ".vcf": "text/x-vcard",
	".json": "application/json", ".pdf": "application/pdf", ".zip": "application/zip", ".gz": "application/gzip",
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".svg": "image/svg+xml",
	".webp": "image/webp", ".bmp": "image/bmp", ".tif": "image/tiff", ".tiff": "image/tiff", ".ico": "image/vnd.microsoft.icon",
	".mp4": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm", ".mp3": "audio/mpeg", ".wav": "audio/x-wav",
	".doc": "application/msword", ".xls": "application/vnd.ms-excel", ".ppt": "application/vnd.ms-powerpoint",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".odt":  "application/vnd.oasis.opendocument.text", ".ods": "application/vnd.oasis.opendocument.spreadsheet",
}
