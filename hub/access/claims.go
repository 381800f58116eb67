package access

import (
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access/secret"
	"gigafibre.ca/targo-hub/hub/glance"
)

// Grant is what a token shall say. Expires wins over TTL; without both the
// token lives 12 hours.
type Grant struct {
	Audience Audience
	Subject  string
	Job      string
	Scopes   []string
	Lang     hub.Lang
	TTL      time.Duration
	Expires  time.Time
	Since    time.Time // when the person signed in, where that was earlier
}

// Claims is what a token says.
type Claims struct {
	ID       string // jti, a UUIDv7
	Audience Audience
	Subject  string
	Job      string
	Scopes   []string
	Lang     hub.Lang
	Issued   time.Time
	Expires  time.Time
	Since    time.Time // when the person signed in, to the millisecond; zero for links
}

// idAt makes a UUIDv7 for an instant: its first 48 bits are the milliseconds,
// finer than iat, which counts seconds.
func idAt(now time.Time) string {
	id := uuid.New()
	ms := now.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6] = id[6]&0x0f | 0x70
	return id.String()
}

// begun is when the person signed in. Without that it is when the token was
// minted, which its id tells more finely than iat does.
func (c Claims) begun() time.Time {
	if !c.Since.IsZero() {
		return c.Since
	}
	if id, err := uuid.Parse(c.ID); err == nil && id.Version() == 7 {
		var ms int64
		for _, b := range id[:6] {
			ms = ms<<8 | int64(b)
		}
		return time.UnixMilli(ms).UTC()
	}
	return c.Issued
}

// wireClaims is the payload of a token.
type wireClaims struct {
	jwt.RegisteredClaims
	Job   string   `json:"job,omitempty"`
	Scope string   `json:"scope,omitempty"` // separated by spaces
	Lang  hub.Lang `json:"lang,omitempty"`
	Since int64    `json:"since,omitempty"` // in milliseconds: revocations are as fine
}

func wireOf(c Claims, issuer string) wireClaims {
	w := wireClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: c.Subject, Audience: jwt.ClaimStrings{string(c.Audience)}, ID: c.ID,
			IssuedAt: jwt.NewNumericDate(c.Issued), NotBefore: jwt.NewNumericDate(c.Issued), ExpiresAt: jwt.NewNumericDate(c.Expires),
		},
		Job: c.Job, Scope: strings.Join(c.Scopes, " "), Lang: c.Lang,
	}
	if !c.Since.IsZero() {
		w.Since = c.Since.UnixMilli()
	}
	return w
}

func (w wireClaims) audience() Audience {
	if len(w.Audience) != 1 {
		return ""
	}
	return Audience(w.Audience[0])
}

func (w wireClaims) claims() Claims {
	c := Claims{
		ID: w.ID, Audience: w.audience(), Subject: w.Subject, Job: w.Job,
		Scopes: strings.Fields(w.Scope), Lang: w.Lang, Expires: w.ExpiresAt.UTC(),
	}
	if w.IssuedAt != nil {
		c.Issued = w.IssuedAt.UTC()
	}
	if w.Since != 0 {
		c.Since = time.UnixMilli(w.Since).UTC()
	}
	return c
}

// plainClaims is the payload of a token as we write it: whole seconds, one
// audience in a list.
type plainClaims struct {
	issuer, subject, id, job, scope, lang string
	issued, begins, ends, since           int64
	audiences                             []Audience
}

// read reads a payload; it is false for one that may hold something else.
func (p *plainClaims) read(payload []byte) bool {
	texts := [...]*string{&p.issuer, &p.subject, &p.id, &p.job, &p.scope, &p.lang}
	numbers := [...]*int64{&p.issued, &p.begins, &p.ends, &p.since}
	names := [...]string{"iss", "sub", "jti", "job", "scope", "lang", "iat", "nbf", "exp", "since", "aud"}
	c := glance.At(payload)
	c.Object(names[:], func(i int) {
		switch {
		case i < len(texts):
			c.Text(texts[i])
		case i < len(texts)+len(numbers):
			c.Int(numbers[i-len(texts)])
		default:
			c.List(func() {
				var name string
				c.Text(&name)
				p.audiences = append(p.audiences, Audience(name))
			})
		}
	})
	return c.OK()
}

// glance believes a token that is, to the letter, as we write them for an HS256
// key, at a third of what the library takes to read any token there can be.
// Whatever else it is, it is left to the library: nothing is refused here.
func (k *Keyring) glance(token string, audiences []Audience) (Claims, bool) {
	dot := strings.LastIndexByte(token, '.')
	if dot < 0 || len(token) > tokenLimit {
		return Claims{}, false
	}
	header, payload, _ := strings.Cut(token[:dot], ".")
	i := slices.IndexFunc(k.keys, func(key secret.Key) bool { return key.Header == header })
	if i < 0 || k.keys[i].Method != jwt.SigningMethodHS256 {
		return Claims{}, false
	}
	signature, err := jwt.SigningMethodHS256.Sign(token[:dot], k.keys[i].Sign)
	if err != nil || subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(signature)), []byte(token[dot+1:])) != 1 {
		return Claims{}, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(payload)
	var p plainClaims
	if err != nil || !p.read(raw) || !p.count(k.now(), k.issuer, audiences) {
		return Claims{}, false
	}
	return p.claims(), true
}

// farthest is the last second of the year 9999: beyond, seconds are no dates.
const farthest = 253402300799

// count tells whether the claims hold now, for one of the audiences.
func (p *plainClaims) count(now time.Time, issuer string, audiences []Audience) bool {
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	return p.issuer == issuer && p.subject != "" && p.id != "" &&
		len(p.audiences) == 1 && slices.Contains(audiences, p.audiences[0]) &&
		p.issued > 0 && max(p.issued, p.begins, p.ends) <= farthest && !now.Before(at(p.issued)) && !now.Before(at(p.begins)) && now.Before(at(p.ends))
}

func (p *plainClaims) claims() Claims {
	c := Claims{
		ID: p.id, Audience: p.audiences[0], Subject: p.subject, Job: p.job, Scopes: strings.Fields(p.scope), Lang: hub.Lang(p.lang),
		Issued: time.Unix(p.issued, 0).UTC(), Expires: time.Unix(p.ends, 0).UTC(),
	}
	if p.since != 0 {
		c.Since = time.UnixMilli(p.since).UTC()
	}
	return c
}
