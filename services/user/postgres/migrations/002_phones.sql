-- The phone number is optional; accounts of version 1 have none.
ALTER TABLE users ADD COLUMN phone text NOT NULL DEFAULT '';

---- create above / drop below ----

ALTER TABLE users DROP COLUMN phone;
