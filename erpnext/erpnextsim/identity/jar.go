package identity

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Jar is the cookies of one answer: what is set, and what is taken away after it.
type Jar struct {
	r       *http.Request
	newer   bool // the newer release does not repeat what the caller has
	set     []cookie
	cleared bool
}

type cookie struct {
	name, value string
	age         int // seconds, 0 is as long as the browser runs
	script      bool
}

// put sets a cookie that scripts may read.
func (j *Jar) put(name, value string) {
	if j.newer && j.sent(name) == value {
		return
	}
	j.replace(cookie{name: name, value: value, script: true})
}

// sent is the value that the caller came with.
func (j *Jar) sent(name string) string {
	c, err := j.r.Cookie(name)
	if err != nil {
		return ""
	}
	value, err := url.PathUnescape(c.Value)
	if err != nil {
		return c.Value
	}
	return value
}

func (j *Jar) replace(c cookie) {
	if i := slices.IndexFunc(j.set, func(o cookie) bool { return o.name == c.name }); i >= 0 {
		j.set[i] = c
		return
	}
	j.set = append(j.set, c)
}

// Clear takes the session's cookies away, after those that are set.
func (j *Jar) Clear() { j.cleared = true }

// Flush writes the headers. now is the true time: browsers go by their own clock.
func (j *Jar) Flush(h http.Header, now time.Time) {
	secure := ""
	if j.r.TLS != nil || j.r.Header.Get("X-Forwarded-Proto") == "https" {
		secure = " Secure;"
	}
	for _, c := range j.set {
		line := c.name + "=" + quote(c.value) + ";"
		if c.age > 0 {
			ends := now.Add(time.Duration(c.age) * time.Second).UTC().Format(http.TimeFormat)
			line += " Expires=" + ends + "; Max-Age=" + strconv.Itoa(c.age) + ";"
		}
		line += secure
		if !c.script {
			line += " HttpOnly;"
		}
		h.Add("Set-Cookie", line+" Path=/; SameSite=Lax")
	}
	if !j.cleared {
		return
	}
	names := []string{"sid", "system_user", "user_image", "full_name", "user_id"}
	if j.newer {
		names = append(names, "user_lang")
	}
	past := now.Add(-24 * time.Hour).UTC().Format(http.TimeFormat)
	for _, name := range names {
		h.Add("Set-Cookie", name+"=; Expires="+past+"; Path=/")
	}
}

// quote is Python's urllib quote: letters, digits, "_.-~" and "/" stay.
func quote(text string) string {
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("_.-~/", c) >= 0:
			out.WriteByte(c)
		default:
			out.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)+0x100, 16)[1:]))
		}
	}
	return out.String()
}
