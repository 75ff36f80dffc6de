-- Bytes of snapshots that are on their way; a first sync that breaks off goes on behind the last of them.
CREATE TABLE download (
  sha256 TEXT NOT NULL,
  -- Where in the file these bytes begin.
  at INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (sha256, at)
) WITHOUT ROWID;
