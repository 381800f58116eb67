package raw

import (
	"context"
	"errors"
	"slices"

	sqlite3 "modernc.org/sqlite/lib"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// broken makes an error of the database one that callers may see: whatever the
// reason (disk full, read-only, damaged), the store is not available.
func broken(err error) error {
	if err == nil {
		return nil
	}
	switch {
	case slices.Contains(noRoom, code(err)):
		return Full(err)
	case Damaged(err):
		return hub.Fail(hub.Unavailable, "store-unavailable", "The store is damaged.", err)
	}
	return hub.Fail(hub.Unavailable, "store-unavailable", "The store cannot be used.", err)
}

// noRoom are the codes of SQLite that say so. A write that fails for another
// reason than a full disk (a quota, a limit of the process) is an input/output
// error; it passes in the same way.
var noRoom = []int{
	sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_TRUNCATE,
}

func brokenUnless(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return keep.Late(ctx)
	}
	return broken(err)
}

// NoDatabase tells whether an error says that the file is none of SQLite's.
func NoDatabase(err error) bool { return code(err)&plain == sqlite3.SQLITE_NOTADB }

// Damaged tells whether an error says that something in the file makes no sense.
func Damaged(err error) bool { return code(err)&plain == sqlite3.SQLITE_CORRUPT }

// plain is the part of a code that says what is wrong; the rest says where.
const plain = 0xff

// code is what SQLite calls an error; 0 when it is none of its errors.
func code(err error) int {
	var told interface{ Code() int }
	if errors.As(err, &told) {
		return told.Code()
	}
	return 0
}
