-- Maps for where no network is. They are nobody's work, and stay when the tablet changes hands.
CREATE TABLE map_pack (
  sha256 TEXT PRIMARY KEY,
  square TEXT NOT NULL,
  size INTEGER NOT NULL,
  least_zoom INTEGER NOT NULL,
  deepest_zoom INTEGER NOT NULL,
  -- 1 once all bytes are here and are what the name says; until then no map is drawn from it.
  complete INTEGER NOT NULL DEFAULT 0,
  -- Since when the server does not list it, by the server's clock.
  left_at TEXT
) WITHOUT ROWID;
CREATE TABLE map_piece (
  sha256 TEXT NOT NULL,
  -- Where in the file these bytes begin.
  at INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (sha256, at)
) WITHOUT ROWID;
