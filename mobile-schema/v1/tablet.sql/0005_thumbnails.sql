-- The small picture that the tablet shows itself; it goes to the office ahead of the photo, and then from here.
ALTER TABLE attachment ADD COLUMN thumbnail BLOB;
