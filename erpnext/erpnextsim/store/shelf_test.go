package store

import (
	"context"
	"testing"
)

func TestTarget(t *testing.T) {
	t.Parallel()
	for stmt, want := range map[string]string{
		`INSERT INTO "tabHas Role" ("name") VALUES (?)`:            "Has Role",
		`INSERT OR REPLACE INTO "__Content" (file_url) VALUES (?)`: "__Content",
		`UPDATE tabUser SET enabled = 0`:                           "User",
		`UPDATE "tabSeries" SET current = 1`:                       "Series",
		`DELETE FROM tabDocShare WHERE user = ?`:                   "DocShare",
		`DELETE FROM "tabSingles" WHERE doctype = ?`:               "Singles",
		`SAVEPOINT "a"`:                 "",
		`ROLLBACK TO "a"`:               "",
		`ALTER TABLE "tabX" ADD y`:      schema,
		`CREATE TABLE "tabX" (name)`:    schema,
		`WITH a AS (SELECT 1) DELETE …`: schema,
	} {
		if got := target(stmt); got != want {
			t.Errorf("%s changes %q, want %q", stmt, got, want)
		}
	}
}

// TestRecall looks at a setting from several transactions while it changes.
func TestRecall(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), "", true, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	begin := func(writing bool) *Tx {
		tx, err := s.Begin(context.Background(), writing)
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
	sees := func(who string, tx *Tx, want any) {
		t.Helper()
		if got, err := tx.SingleValue("System Settings", "language"); err != nil || got != want {
			t.Errorf("%s sees %v, want %v (%v)", who, got, want, err)
		}
	}
	set := func(tx *Tx, language string) {
		t.Helper()
		if err := tx.SetSingle("System Settings", Row{"language": language}); err != nil {
			t.Fatal(err)
		}
	}
	early := begin(false)
	sees("a reader of nothing", early, nil)
	writer := begin(true)
	set(writer, "fr")
	sees("the writer", writer, "fr")
	sees("a reader beside him", early, nil)
	writer.Rollback()
	late := begin(true)
	sees("whoever comes after a rollback", late, nil)
	set(late, "fr")
	if err := late.Commit(); err != nil {
		t.Fatal(err)
	}
	sees("the early reader", early, nil) // and does not keep that for others
	reader := begin(false)
	sees("a reader after the commit", reader, "fr")
	early.Rollback()
	reader.Rollback()
	if _, err := reader.SingleValue("System Settings", "country"); err == nil {
		t.Error("a transaction that has ended still reads")
	}
	last := begin(false)
	defer last.Rollback()
	sees("the last", last, "fr")
}

// TestClose closes a store while a transaction is open: it ends with the transaction.
func TestClose(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), "", true, nil)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := s.Begin(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	tx.Rollback()
	if _, err := s.Begin(t.Context(), false); err == nil {
		t.Error("a closed store begins a transaction")
	}
}
