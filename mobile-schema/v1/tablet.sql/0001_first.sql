-- The tablet's own database, version 1. Applied in one transaction; PRAGMA user_version then says 1.

-- Small facts of the tablet: base_url, tablet_id, tablet_key, staff, tokens, cursor, history_id, last_n.
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

-- What the server sent, as it sent it. Work that is not answered yet is laid over it when it is shown.
CREATE TABLE server_row (
  entity_type TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  body TEXT NOT NULL,
  -- 1: it left the scope while ops of it were unanswered; it may be read, no longer worked on, until they are.
  leaving INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (entity_type, id)
) WITHOUT ROWID;

-- Which bucket holds which row; a row that no bucket holds goes.
CREATE TABLE bucket_row (
  bucket TEXT NOT NULL,
  entity_type TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (bucket, entity_type, id)
) WITHOUT ROWID;
CREATE INDEX ix_bucket_row_row ON bucket_row (entity_type, id);

-- Everything that the technician did and the server has not finally answered. `content` is sent as it stands, always.
CREATE TABLE outbox (
  n INTEGER PRIMARY KEY,
  op_id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  aggregate TEXT NOT NULL,
  content TEXT NOT NULL,
  -- pending: no answer yet. waiting: the server has it and waits for an earlier op of the chain.
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'waiting'))
);
CREATE INDEX ix_outbox_aggregate ON outbox (aggregate);

-- The last op of each chain, for `follows`; it outlives the outbox.
CREATE TABLE chain (
  aggregate TEXT PRIMARY KEY,
  op_id TEXT NOT NULL
) WITHOUT ROWID;

-- The final answers. `shown`: the op is still laid over the row, because no pull has brought its effects yet.
CREATE TABLE verdict (
  op_id TEXT PRIMARY KEY,
  n INTEGER NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  aggregate TEXT NOT NULL,
  content TEXT NOT NULL,
  verdict TEXT NOT NULL,
  code TEXT,
  detail TEXT,
  result TEXT,
  shown INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX ix_verdict_shown ON verdict (aggregate) WHERE shown = 1;

-- Photos and signatures; the bytes stay until the server says that it has stored exactly these.
CREATE TABLE attachment (
  attachment_id TEXT PRIMARY KEY,
  op_id TEXT NOT NULL,
  owner TEXT NOT NULL,
  label TEXT NOT NULL,
  media_type TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size INTEGER NOT NULL,
  bytes BLOB,
  stored INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
