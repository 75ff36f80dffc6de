-- A row's own checksum, taken when it was written: storage that goes bad is found even where the version is right.
-- It is the CRC-32 of the body's text as it stands; null for rows from before.
ALTER TABLE server_row ADD COLUMN body_crc INTEGER;
