package group

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

var errDisk = errors.New("the disk said no")

// Nobody is let go before his group is sealed, and the next group is written
// meanwhile.
func TestAGroupIsSealedBeforeItsCallersGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seals := make(chan chan error)
		var written []int
		g := New(9, func(ops []*Op[int]) func() error {
			written = append(written, len(ops))
			return func() error {
				verdict := make(chan error)
				seals <- verdict
				return <-verdict
			}
		})
		go g.Run()
		ends := make(chan error, 9)
		call := func(n int) {
			for range n {
				go func() { ends <- g.Do(context.Background(), func(int) error { return nil }) }()
			}
			synctest.Wait()
		}
		call(1)
		first := <-seals
		call(1)
		call(3)
		if len(ends) != 0 {
			t.Fatal("somebody was let go before the seal")
		}
		if len(written) != 2 {
			t.Errorf("%d groups are written while the first is sealed, want 2", len(written))
		}
		first <- nil
		second := <-seals
		synctest.Wait()
		if len(ends) != 1 || <-ends != nil {
			t.Error("the first is not let go")
		}
		second <- errDisk
		third := <-seals
		synctest.Wait()
		if len(ends) != 1 || !errors.Is(<-ends, errDisk) {
			t.Error("the second does not hear what the seal said")
		}
		third <- nil
		synctest.Wait()
		if len(ends) != 3 {
			t.Errorf("%d of the third group are let go, want 3", len(ends))
		}
		g.Close()
		if err := g.Do(context.Background(), nil); err == nil {
			t.Error("a closed group takes more")
		}
	})
}
