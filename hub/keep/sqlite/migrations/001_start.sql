-- What tells a store of the hub from any other SQLite file ("tHub"). Stores that were
-- made before there was a mark have none.
PRAGMA application_id = 1950905698;

-- Instants are microseconds since 1970, UTC.

-- stage: 0 pending behind another job of its lane, 1 pending, 2 running,
-- 3 held, 4 done, 5 dead, 6 cancelled. due is the end of the lease while a job
-- runs, and when it was last touched once it is final.
CREATE TABLE jobs (
  seq         INTEGER PRIMARY KEY,
  id          TEXT    NOT NULL,
  kind        TEXT    NOT NULL,
  lane        TEXT    NOT NULL DEFAULT '',
  dedupe      TEXT,
  stage       INTEGER NOT NULL,
  state       TEXT    NOT NULL DEFAULT '',
  note        TEXT    NOT NULL DEFAULT '',
  due         INTEGER NOT NULL,
  fence       INTEGER NOT NULL DEFAULT 0,
  seen        INTEGER NOT NULL DEFAULT 1,
  tries       INTEGER NOT NULL DEFAULT 0,
  started     INTEGER NOT NULL DEFAULT 0,
  created     INTEGER NOT NULL,
  updated     INTEGER NOT NULL,
  doctype     TEXT    NOT NULL DEFAULT '',
  name        TEXT    NOT NULL DEFAULT '',
  customer    TEXT    NOT NULL DEFAULT '',
  technician  TEXT    NOT NULL DEFAULT '',
  correlation TEXT    NOT NULL DEFAULT '',
  attempts    TEXT    NOT NULL DEFAULT '',
  result      BLOB
);
CREATE UNIQUE INDEX jobs_id ON jobs (id);
CREATE INDEX jobs_due ON jobs (kind, stage, due);
-- The kinds that there are, by hops along the index.
CREATE VIEW kinds AS
  WITH RECURSIVE hop (kind) AS (
    SELECT min(kind) FROM jobs
    UNION ALL
    SELECT (SELECT min(kind) FROM jobs WHERE kind > hop.kind) FROM hop WHERE hop.kind IS NOT NULL
  )
  SELECT kind FROM hop WHERE kind IS NOT NULL;
CREATE INDEX jobs_lane ON jobs (lane, stage) WHERE lane <> '' AND stage < 3;
CREATE INDEX jobs_name ON jobs (name) WHERE name <> '';
CREATE INDEX jobs_customer ON jobs (customer) WHERE customer <> '';

-- What only the work and the person who looks at one job need; apart, so that
-- claims and outcomes do not write it again.
CREATE TABLE bodies (
  seq     INTEGER PRIMARY KEY,
  headers TEXT NOT NULL,
  payload BLOB
);

-- The dedupe keys of the jobs, by hash. Jobs above the mark may be missing here.
CREATE TABLE dedupes (
  hash INTEGER NOT NULL,
  seq  INTEGER NOT NULL,
  PRIMARY KEY (hash, seq)
) WITHOUT ROWID;
CREATE TABLE marks (indexed INTEGER NOT NULL);
INSERT INTO marks (indexed) VALUES (0);

-- A version is never given out twice, so a value that was dropped and made
-- anew cannot be mistaken for the old one.
CREATE TABLE entries (
  version INTEGER PRIMARY KEY AUTOINCREMENT,
  key     TEXT NOT NULL UNIQUE,
  value   BLOB,
  ends    INTEGER NOT NULL -- 0: never
);
CREATE INDEX entries_ends ON entries (ends) WHERE ends > 0;

-- GCRA: the theoretical arrival time of the next taker.
CREATE TABLE rates (
  key     TEXT PRIMARY KEY,
  arrival INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE events (
  id    INTEGER PRIMARY KEY AUTOINCREMENT,
  topic TEXT NOT NULL,
  name  TEXT NOT NULL,
  at    INTEGER NOT NULL,
  data  TEXT NOT NULL
);

-- Keys outlive their events, so that a late repetition is still known.
CREATE TABLE event_keys (
  key TEXT PRIMARY KEY,
  id  INTEGER NOT NULL,
  at  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX event_keys_at ON event_keys (at);

CREATE TABLE audit (
  seq     INTEGER PRIMARY KEY,
  id      TEXT NOT NULL,
  at      INTEGER NOT NULL,
  actor   TEXT NOT NULL,
  action  TEXT NOT NULL,
  doctype TEXT NOT NULL,
  name    TEXT NOT NULL,
  detail  TEXT NOT NULL,
  request TEXT NOT NULL
);
CREATE INDEX audit_name ON audit (name) WHERE name <> '';

CREATE TABLE probe (one INTEGER PRIMARY KEY, at INTEGER NOT NULL);
