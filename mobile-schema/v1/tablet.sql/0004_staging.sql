-- Lines of a pull that is not complete. They are no part of what the tablet shows: all of them are taken over in one
-- transaction at checkpoint_complete. A pull that breaks off goes on from the last `next` of each bucket.
CREATE TABLE staged (
  line INTEGER PRIMARY KEY,
  bucket TEXT NOT NULL,
  next TEXT NOT NULL,
  content TEXT NOT NULL
);
CREATE INDEX ix_staged_bucket ON staged (bucket, line);
