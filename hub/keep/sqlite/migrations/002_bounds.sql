-- Up to which event each topic has forgotten; '' stands for all topics.
CREATE TABLE horizons (
  topic TEXT PRIMARY KEY,
  id    INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO horizons (topic, id) SELECT '', id - 1 FROM events ORDER BY id LIMIT 1;
CREATE INDEX events_topic ON events (topic);
