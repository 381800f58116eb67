package tell_test

import (
	"testing"

	"gigafibre.ca/targo-hub/cmd/targo-hub/tell"
)

func TestRefusalNamesTheValue(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"detail":"Some values are not valid.","errors":[{"pointer":"/status","detail":"must be one of dead, done"}]}`: "the hub answered 422: Some values are not valid.; status must be one of dead, done",
		`<html>`: "the hub answered 422:",
	} {
		if got := tell.Refusal(422, []byte(body)).Error(); got != want {
			t.Errorf("%s is told as %q, want %q", body, got, want)
		}
	}
	if got := tell.Refusal(401, []byte(`{"detail":"The token is not valid."}`)).Error(); got !=
		"the hub answered 401: The token is not valid.; the running hub may have other TARGO_ACCESS_KEYS than this shell" {
		t.Error(got)
	}
}
