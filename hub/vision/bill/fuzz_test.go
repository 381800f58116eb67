package bill_test

import (
	"encoding/json"
	"testing"

	"gigafibre.ca/targo-hub/hub/vision/bill"
)

// FuzzParse reads whatever is JSON, or not; what it takes can be checked and
// printed.
func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"lines":[null,{"qty":"1e12","unit_price":-0.000000000000000001,"amount":"9"}],"total":1e12,"confidence":-5}`))
	f.Add([]byte(`{"total":1e999999999}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := bill.Parse(raw)
		if err != nil {
			return
		}
		b.Issues = bill.Check(b, today)
		if b.Lines == nil || b.Issues == nil || b.Confidence < 0 || b.Confidence > 1 {
			t.Errorf("%q: %+v", raw, b)
		}
		if _, err := json.Marshal(b); err != nil {
			t.Error(err)
		}
	})
}
