"""The store of photos, in a folder and in a bucket, and the parts that arrive."""
