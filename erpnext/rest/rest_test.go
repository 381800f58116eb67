package rest

import "testing"

func TestDocumentPath(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"DJ-00001":     "/api/resource/Dispatch%20Job/DJ-00001",
		"Réseau & Cie": "/api/resource/Dispatch%20Job/R%C3%A9seau%20&%20Cie",
		"a/b?c#d%":     "/api/resource/Dispatch%20Job/a/b%3Fc%23d%25",
		"":             "", "..": "", "a/../../method/x": "", "a//b": "", "./x": "",
	} {
		path, ok := DocumentPath("Dispatch Job", name)
		if path != want || ok != (want != "") {
			t.Errorf("%q is at %q, %v", name, path, ok)
		}
	}
}
