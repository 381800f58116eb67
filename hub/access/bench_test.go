package access_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

// byHand is a verifier of HS256 tokens as one writes it without a library, for
// one key: signature, algorithm, time, issuer and audience, and no revocation.
type byHand struct {
	id               string
	key              []byte
	issuer, audience string
}

type handClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience []string `json:"aud"`
	ID       string   `json:"jti"`
	Job      string   `json:"job"`
	Scope    string   `json:"scope"`
	Lang     string   `json:"lang"`
	Issued   int64    `json:"iat"`
	Begins   int64    `json:"nbf"`
	Ends     int64    `json:"exp"`
}

func (v byHand) verify(token string) (*handClaims, error) {
	head, rest, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	given, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return nil, err
	}
	raw, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return nil, err
	}
	var header struct{ Alg, Kid string }
	if err := json.Unmarshal(raw, &header); err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, v.key)
	mac.Write([]byte(token[:len(head)+1+len(payload)]))
	if header.Alg != "HS256" || header.Kid != v.id || !hmac.Equal(mac.Sum(nil), given) {
		return nil, errors.New("not ours")
	}
	if raw, err = base64.RawURLEncoding.DecodeString(payload); err != nil {
		return nil, err
	}
	var claims handClaims
	if err := json.Unmarshal(raw, &claims); err != nil {
		return nil, err
	}
	now := time.Now().Unix()
	if claims.Ends <= now || claims.Begins > now || claims.Issuer != v.issuer || !slices.Contains(claims.Audience, v.audience) {
		return nil, errors.New("not now, or not for us")
	}
	return &claims, nil
}

// BenchmarkAccess takes a technician's request past the guard beside the bare
// verification by hand: with a token that was seen before, and with tokens that
// never were; what was revoked is asked of a store on disk. All take turns; it
// takes its own time whatever b.N is. Last it revokes the token that was seen most.
func BenchmarkAccess(b *testing.B) {
	const rounds, each = 31, 200
	g, err := access.New(settings(hs("k1", 'a')), hubtest.Store(b))
	if err != nil {
		b.Fatal(err)
	}
	hand := byHand{"k1", []byte(strings.Repeat("a", 32)), "targo-hub", "tech"}
	next := 0
	request := func() *http.Request {
		next++
		token, _, err := g.Keyring().Mint(b.Context(), access.Grant{
			Audience: access.Technician, Subject: "TECH-" + strconv.Itoa(next), Job: "DJ-" + strconv.Itoa(next), Scopes: []string{"job:read", "job:status"}, Lang: hub.French,
		})
		if err != nil {
			b.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "/field/context", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		return r
	}
	guard := func(r *http.Request) bool {
		actor, err := g.Verify(b.Context(), r, hub.RoleTechnician)
		return err == nil && actor.ID != ""
	}
	bare := func(r *http.Request) bool {
		_, err := hand.verify(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		return err == nil
	}
	var warm, cold, byhand []float64
	same := request()
	for range rounds {
		seen, fresh := make([]*http.Request, each), make([]*http.Request, each)
		for i := range each {
			seen[i], fresh[i] = same, request()
		}
		byhand = append(byhand, cost(b, fresh, bare))
		cold = append(cold, cost(b, fresh, guard))
		warm = append(warm, cost(b, seen, guard))
	}
	if err := g.Keyring().RevokeSubject(b.Context(), access.Technician, "TECH-1"); err != nil || guard(same) {
		b.Fatalf("a revoked token still counts (%v)", err)
	}
	peer := median(byhand)
	show := func(name string, ours float64, note string) {
		fmt.Printf("BENCH %s ours=%.3g peer=%.3g unit=us-lib ratio=%.3f note=%s beside HS256 verified by hand, without revocation\n", name, ours, peer, ours/peer, note)
	}
	show("access_warm", median(warm), "guard with a token seen before")
	show("access_cold", median(cold), "guard with a token never seen")
	b.ReportMetric(0, "ns/op")
}

// cost is what one request costs, in microseconds.
func cost(b *testing.B, requests []*http.Request, enter func(*http.Request) bool) float64 {
	b.Helper()
	began := time.Now()
	for _, r := range requests {
		if !enter(r) {
			b.Fatal("a good token was refused")
		}
	}
	return float64(time.Since(began).Nanoseconds()) / 1000 / float64(len(requests))
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
