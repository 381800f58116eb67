-- A key is known for a time since its event was appended; at is the instant that
-- the event itself bears, which may be long before.
ALTER TABLE event_keys ADD COLUMN appended INTEGER NOT NULL DEFAULT 0;
UPDATE event_keys SET appended = at;
DROP INDEX event_keys_at;
CREATE INDEX event_keys_appended ON event_keys (appended);
