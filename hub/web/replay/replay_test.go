package replay_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub/web/replay"
)

var (
	errMissing = errors.New("missing")
	errTaken   = errors.New("taken")
	errAway    = errors.New("away")
)

// memory holds one value; failAt makes the swap of that number fail.
type memory struct {
	value         []byte
	swaps, failAt int
}

func (m *memory) Value(context.Context, string) ([]byte, int64, error) {
	if m.value == nil {
		return nil, 0, errMissing
	}
	return m.value, 1, nil
}

func (m *memory) Swap(_ context.Context, _ string, version int64, value []byte, _ time.Duration) (int64, error) {
	m.swaps++
	switch {
	case m.swaps == m.failAt:
		return 0, errAway
	case version == 0 && m.value != nil:
		return 0, errTaken
	}
	m.value = value
	return 1, nil
}

func (m *memory) Drop(context.Context, string) error {
	m.value = nil
	return nil
}

func keeper(m *memory) *replay.Keeper {
	return &replay.Keeper{
		Memory: m, Log: slog.New(slog.DiscardHandler),
		Missing: func(err error) bool { return errors.Is(err, errMissing) },
		Taken:   func(err error) bool { return errors.Is(err, errTaken) },
	}
}

// once sends one request through the keeper.
func once(k *replay.Keeper, body string, h echo.HandlerFunc) (*httptest.ResponseRecorder, error) {
	w := httptest.NewRecorder()
	c := echo.New().NewContext(httptest.NewRequest("POST", "/", nil), w)
	return w, k.Once(c, replay.Identify("ann", "key"), []byte(body), h)
}

func TestNameTellsRequestsApart(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, parts := range [][]string{{"ann", "POST", "/a", "k"}, {"bob", "POST", "/a", "k"}, {"ann", "PUT", "/a", "k"}, {"ann", "POST", "/a", "k2"}, {"ann", "POST/a", "k"}} {
		seen[replay.Identify(parts...).Name] = true
	}
	if len(seen) != 5 {
		t.Errorf("%d names for 5 requests", len(seen))
	}
}

func TestOnce(t *testing.T) {
	t.Parallel()
	done := 0
	work := func(c echo.Context) error {
		done++
		return c.JSON(http.StatusCreated, done)
	}
	k := keeper(&memory{})
	for i := range 3 {
		w, err := once(k, "a", work)
		if err != nil || w.Code != 201 || w.Body.String() != "1\n" || (w.Header().Get("Idempotent-Replay") == "true") != (i > 0) {
			t.Errorf("request %d: %v %d %s", i, err, w.Code, w.Body)
		}
	}
	if _, err := once(k, "b", work); !errors.Is(err, replay.ErrMismatch) || done != 1 {
		t.Errorf("other body: %v, done %d times", err, done)
	}
}

func TestMemoryTrouble(t *testing.T) {
	t.Parallel()
	done := 0
	work := func(c echo.Context) error { done++; return c.NoContent(http.StatusNoContent) }
	if _, err := once(keeper(&memory{failAt: 1}), "a", work); !errors.Is(err, errAway) || done != 0 {
		t.Errorf("claim failed: %v, done %d times", err, done)
	}
	m := &memory{failAt: 2}
	if w, err := once(keeper(m), "a", work); err != nil || w.Code != 204 || m.value == nil {
		t.Errorf("keeping failed: %v %d, the key is free: %v", err, w.Code, m.value == nil)
	}
	if _, err := once(keeper(&memory{value: []byte("not json")}), "a", work); err == nil || done != 1 {
		t.Errorf("a broken value: %v, done %d times", err, done)
	}
}

// stuck answers so many calls and then hangs.
type stuck struct {
	memory
	calls int
}

func (m *stuck) wait(ctx context.Context) error {
	if m.calls--; m.calls >= 0 {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

func (m *stuck) Swap(ctx context.Context, key string, version int64, value []byte, ttl time.Duration) (int64, error) {
	if err := m.wait(ctx); err != nil {
		return 0, err
	}
	return m.memory.Swap(ctx, key, version, value, ttl)
}

func (m *stuck) Drop(ctx context.Context, key string) error {
	if err := m.wait(ctx); err != nil {
		return err
	}
	return m.memory.Drop(ctx, key)
}

// A memory that hangs keeps nobody waiting: not before the work, nor for the
// answer of a work that is done, or that failed.
func TestMemoryHangs(t *testing.T) {
	t.Parallel()
	refusal := errors.New("refused")
	for name, test := range map[string]struct {
		calls, done int
		within      time.Duration
		work, want  error
	}{
		"before":          {0, 0, 3 * time.Second, nil, replay.ErrSilent},
		"after":           {1, 1, time.Second, nil, nil},
		"after a refusal": {1, 1, time.Second, refusal, refusal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				done := 0
				m := &stuck{calls: test.calls}
				k := keeper(&m.memory)
				k.Memory = m
				began := time.Now()
				_, err := once(k, "a", func(c echo.Context) error {
					if done++; test.work != nil {
						return test.work
					}
					return c.NoContent(http.StatusNoContent)
				})
				if took := time.Since(began); !errors.Is(err, test.want) || done != test.done || took > test.within {
					t.Errorf("%v after %s, done %d times", err, took, done)
				}
				time.Sleep(time.Minute) // what goes on behind the answer has an end
			})
		})
	}
}

// Whoever reads the store finds neither the answer nor a way to guess the body.
func TestKeptAnswersAreSealed(t *testing.T) {
	t.Parallel()
	m := &memory{}
	link := func(c echo.Context) error {
		c.Response().Header().Set("Location", "/accept/secret-link")
		return c.JSON(http.StatusCreated, "secret-link")
	}
	if _, err := once(keeper(m), "ann@example.com", link); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("ann@example.com"))
	for _, secret := range []string{"secret-link", base64.StdEncoding.EncodeToString([]byte("secret-link"))[:8], hex.EncodeToString(sum[:])} {
		if bytes.Contains(m.value, []byte(secret)) {
			t.Errorf("%s stands in %s", secret, m.value)
		}
	}
	w, err := once(keeper(m), "ann@example.com", link)
	if err != nil || w.Body.String() != "\"secret-link\"\n" || w.Header().Get("Location") != "/accept/secret-link" {
		t.Errorf("%v %v %s", err, w.Header(), w.Body)
	}
	m.value = bytes.Replace(m.value, []byte(`"sealed":"`), []byte(`"sealed":"AAAA`), 1)
	if w, err := once(keeper(m), "ann@example.com", link); err == nil {
		t.Errorf("a changed answer was sent: %s", w.Body)
	}
}
