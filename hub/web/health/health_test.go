package health_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/web/health"
)

func TestAsk(t *testing.T) {
	t.Parallel()
	up := func(context.Context) error { return nil }
	down := func(context.Context) error { return errors.New("away") }
	broken := func(context.Context) error { panic("nil map") }
	for _, test := range []struct {
		parts  []health.Part
		status string
		told   map[string]string
	}{
		{nil, "ready", map[string]string{}},
		{[]health.Part{{"store", true, up}, {"erp", false, up}}, "ready", map[string]string{}},
		{[]health.Part{{"store", true, up}, {"erp", false, down}}, "degraded", map[string]string{"erp": "away"}},
		{[]health.Part{{"store", true, down}, {"erp", false, down}}, "down", map[string]string{"store": "away", "erp": "away"}},
		{[]health.Part{{"erp", false, broken}}, "degraded", map[string]string{"erp": "panic: nil map"}},
	} {
		var parts health.Parts
		for _, part := range test.parts {
			parts.Add(part)
		}
		told := map[string]string{}
		answer := parts.Ask(context.Background(), func(name string, err error) { told[name] = err.Error() })
		if answer.Status != test.status || len(answer.Parts) != len(test.parts) {
			t.Errorf("%v: %+v", test.parts, answer)
		}
		if diff := cmp.Diff(test.told, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	}
}
