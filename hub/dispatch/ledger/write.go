package ledger

import (
	"context"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
)

const (
	together = 20 // jobs are written in one request: a site may take a second for them
	abreast  = 4  // requests at a time
)

// Write changes many jobs in few requests; what is written of one carries its
// "name". It returns why some were refused, by name. After an error nothing is
// known of the others: they are to be read again.
func Write(ctx context.Context, erp *erpnext.Client, docs []erpnext.Values) (map[string]error, error) {
	var lock sync.Mutex
	refused := map[string]error{}
	work, writing := errgroup.WithContext(ctx)
	work.SetLimit(abreast)
	for part := range slices.Chunk(docs, together) {
		work.Go(func() error {
			failed, err := erp.BulkUpdate(writing, "Dispatch Job", part)
			lock.Lock()
			defer lock.Unlock()
			maps.Copy(refused, failed)
			return err
		})
	}
	return refused, work.Wait()
}
