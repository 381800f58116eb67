package access

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub"
)

const (
	bytesA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" // 32 bytes of an invented key
	bytesB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func ring(t testing.TB, keys string, values Values) *Keyring {
	t.Helper()
	k, err := NewKeyring(Config{Keys: config.Secret(keys)}, values)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var grant = Grant{Audience: Technician, Subject: "TECH-1", Job: "DJ-1", Scopes: []string{"photo", "note"}, Lang: hub.French, TTL: time.Hour}

func TestMintAndVerify(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]string{
		"HS256": "k1:" + b64(bytesA), "EdDSA": "k1:ed25519:" + b64(bytesA),
		"unpadded": "k1:" + strings.TrimRight(b64(bytesA), "="), "url alphabet": "k1:" + base64.URLEncoding.EncodeToString([]byte("\xff\xfe\xfd"+bytesA)),
	} {
		k := ring(t, keys, nil)
		token, minted, err := k.Mint(context.Background(), grant)
		if err != nil {
			t.Fatal(err)
		}
		got, err := k.Verify(context.Background(), token, Portal, Technician)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		id, err := uuid.Parse(got.ID)
		if got.Subject != "TECH-1" || got.Job != "DJ-1" || strings.Join(got.Scopes, ",") != "photo,note" || got.Lang != hub.French ||
			!got.Expires.Equal(minted.Expires) || got.ID != minted.ID || err != nil || id.Version() != 7 {
			t.Errorf("%s: %+v, minted %+v", name, got, minted)
		}
		if life := got.Expires.Sub(got.Issued); life != time.Hour {
			t.Errorf("%s lives %v", name, life)
		}
	}
}

func TestMintRefuses(t *testing.T) {
	t.Parallel()
	k := ring(t, "k1:"+b64(bytesA), nil)
	for name, g := range map[string]Grant{
		"no audience": {Subject: "x"}, "no subject": {Audience: Staff}, "past": {Audience: Staff, Subject: "x", Expires: time.Now().Add(-time.Hour)},
		"negative": {Audience: Staff, Subject: "x", TTL: -1}, "for ever": {Audience: Staff, Subject: "x", TTL: 1000 * 24 * time.Hour},
	} {
		if token, _, err := k.Mint(context.Background(), g); err == nil || token != "" {
			t.Errorf("%s: minted", name)
		}
	}
	if _, _, err := ring(t, "", nil).Mint(context.Background(), grant); !hub.HasCode(err, "part-off") {
		t.Errorf("without keys: %v", err)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a, b := "k1:"+b64(bytesA), "k2:ed25519:"+b64(bytesB)
	before, during, after := ring(t, a, nil), ring(t, b+","+a, nil), ring(t, b, nil)
	old, _, err := before.Mint(ctx, grant)
	if err != nil {
		t.Fatal(err)
	}
	fresh, _, err := during.Mint(ctx, grant)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		k     *Keyring
		token string
		good  bool
	}{
		{"old token, both keys", during, old, true},
		{"new token, both keys", during, fresh, true},
		{"new token, new key", after, fresh, true},
		{"old token, new key", after, old, false},
		{"new token, old key", before, fresh, false},
	} {
		if _, err := test.k.Verify(ctx, test.token, Technician); test.good != (err == nil) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	var header struct{ Kid, Alg string }
	raw, _ := base64.RawURLEncoding.DecodeString(strings.Split(fresh, ".")[0])
	if err := json.Unmarshal(raw, &header); err != nil || header.Kid != "k2" || header.Alg != "EdDSA" {
		t.Errorf("header %+v %v", header, err)
	}
}

func TestExpiryFollowsTheClock(t *testing.T) {
	t.Parallel()
	k := ring(t, "k1:"+b64(bytesA), nil)
	now := time.Date(2026, 11, 1, 5, 59, 0, 500_000_000, time.UTC)
	k.now = func() time.Time { return now }
	token, claims, err := k.Mint(context.Background(), grant)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		at   time.Time
		code string
	}{
		{now, ""}, {claims.Expires.Add(-time.Second), ""}, {claims.Expires, "link-expired"}, {claims.Expires.Add(time.Hour), "link-expired"},
	} {
		k.now = func() time.Time { return test.at }
		_, err := k.Verify(context.Background(), token, Technician)
		if (test.code == "") != (err == nil) || test.code != "" && (!hub.HasCode(err, test.code) || !hub.IsKind(err, hub.Gone)) {
			t.Errorf("at %v: %v", test.at, err)
		}
	}
}
