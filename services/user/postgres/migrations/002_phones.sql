-- A number is optional; whoever signed up before has none.
ALTER TABLE users ADD COLUMN phone text NOT NULL DEFAULT '';

---- create above / drop below ----

ALTER TABLE users DROP COLUMN phone;
