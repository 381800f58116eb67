package install_test

import (
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/install"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// TestSite founds a site of each release and asks for what every site has.
func TestSite(t *testing.T) {
	t.Parallel()
	for _, release := range []profile.Profile{profile.V15, profile.V16} {
		site, err := install.Site(true, release)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"DocType", "User", "Customer", "Sales Invoice", "File"} {
			if site.Set.Get(name) == nil {
				t.Errorf("%v: no doctype %s", release, name)
			}
		}
		if len(site.Image) == 0 {
			t.Errorf("%v: an empty store", release)
		}
	}
}
