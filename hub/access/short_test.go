package access

import (
	"bytes"
	"testing"

	"gigafibre.ca/targo-hub/hub"
)

func TestSecretsForOtherPurposes(t *testing.T) {
	t.Parallel()
	derive := func(keys, purpose string) []byte {
		t.Helper()
		raw, err := ring(t, keys, nil).Secret(purpose)
		if err != nil || len(raw) != 32 {
			t.Fatalf("%s: %d bytes, %v", purpose, len(raw), err)
		}
		return raw
	}
	a, b, ed := "k1:"+b64(bytesA), "k2:"+b64(bytesB), "k1:ed25519:"+b64(bytesA)
	codes := derive(a, "codes")
	if !bytes.Equal(codes, derive(a+","+b, "codes")) || !bytes.Equal(derive(ed, "codes"), derive(ed, "codes")) {
		t.Error("the same key gives another secret")
	}
	for name, other := range map[string][]byte{
		"another purpose": derive(a, "cookies"), "another key": derive(b+","+a, "codes"), "the key itself": []byte(bytesA),
	} {
		if bytes.Equal(codes, other) {
			t.Errorf("%s gives the same", name)
		}
	}
	if _, err := ring(t, "", nil).Secret("codes"); !hub.HasCode(err, "part-off") {
		t.Errorf("without a key: %v", err)
	}
}

func TestShortLinksNeedAStoreAndAreNotForStaff(t *testing.T) {
	t.Parallel()
	k := ring(t, "k1:"+b64(bytesA), nil)
	token, claims, err := k.Mint(t.Context(), grant)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Short(t.Context(), token, claims); !hub.HasCode(err, "part-off") {
		t.Errorf("without a store: %v", err)
	}
	k = ring(t, "k1:"+b64(bytesA), &board{values: map[string][]byte{}})
	if _, err := k.Short(t.Context(), token, Claims{Audience: Staff, Expires: claims.Expires}); err == nil {
		t.Error("a token of the staff got a code")
	}
	code, err := k.Short(t.Context(), token, claims)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.Verify(t.Context(), code, Technician); err != nil || got.ID != claims.ID {
		t.Errorf("%+v %v", got, err)
	}
	for _, audience := range []Audience{Staff, Portal} {
		if _, err := k.Verify(t.Context(), code, audience); err == nil {
			t.Errorf("the code opens a door of %s", audience)
		}
	}
	if err := k.RevokeToken(t.Context(), claims); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Verify(t.Context(), code, Technician); !hub.HasCode(err, "link-expired") {
		t.Errorf("revoked: %v", err)
	}
}
