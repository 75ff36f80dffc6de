-- The tablet's own database, version 2: each op keeps the seal that it was given when it was noted.

-- Null for what was noted before the tablet had a key. What is sent is the op's text and this, always the same.
ALTER TABLE outbox ADD COLUMN signature TEXT;
