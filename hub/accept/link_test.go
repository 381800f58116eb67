package accept

import (
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
)

// TestLinksDoNotStandInKeys tells links apart without showing them.
func TestLinksDoNotStandInKeys(t *testing.T) {
	t.Parallel()
	q := &erpnext.Quotation{}
	q.Name = "SAL-QTN-2026-00007"
	const link = "https://sign.example.com/s/inventedslug"
	key := linkKey(q, link)
	if strings.Contains(key, "inventedslug") || !strings.HasPrefix(key, "accept:link:"+q.Name+":") || key == linkKey(q, link+"2") || key != linkKey(q, link) {
		t.Errorf("the key is %s", key)
	}
}
