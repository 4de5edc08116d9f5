-- Cut-offs and drops: what a slot promises, copied to its reservations as it was
-- when they were made. Of what was booked before, the start was the only bound.
ALTER TABLE slots ADD COLUMN opens_at timestamptz, ADD COLUMN cancel_until timestamptz;
UPDATE slots SET cancel_until = starts_at;
ALTER TABLE slots ALTER COLUMN cancel_until SET NOT NULL;

ALTER TABLE reservations
  ALTER COLUMN diner_id DROP NOT NULL, -- the owner enters guests without an account
  ADD COLUMN cancel_until   timestamptz,
  ADD COLUMN offer_ends_at  timestamptz,
  ADD COLUMN line           bigint,
  ADD COLUMN version        int NOT NULL DEFAULT 1,
  ADD COLUMN guest_name     text NOT NULL DEFAULT '',
  ADD COLUMN guest_phone    text NOT NULL DEFAULT '',
  ADD COLUMN reminded_at    timestamptz;
UPDATE reservations SET cancel_until = starts_at, version = CASE status WHEN 'confirmed' THEN 1 ELSE 2 END;
ALTER TABLE reservations ALTER COLUMN cancel_until SET NOT NULL,
  ADD CONSTRAINT reservations_offer CHECK ((status = 'offered') = (offer_ends_at IS NOT NULL)),
  ADD CONSTRAINT reservations_line CHECK (status <> 'waiting' OR line IS NOT NULL);

-- By slot first: it also finds everybody a slot holds, for its owner, its line
-- and the audit. The other index finds a diner's.
DROP INDEX reservations_live;
CREATE UNIQUE INDEX reservations_live ON reservations (slot_id, diner_id)
  WHERE status IN ('waiting', 'offered', 'confirmed', 'seated');
CREATE INDEX reservations_past ON reservations (slot_id)
  WHERE status IN ('cancelled', 'no_show', 'declined', 'expired');
CREATE INDEX reservations_line ON reservations (slot_id, line) WHERE status = 'waiting';
CREATE INDEX reservations_offers ON reservations (offer_ends_at) WHERE status = 'offered';
CREATE INDEX slots_start ON slots (starts_at); -- for the jobs that look at what comes next

-- Days the owner has closed; the schedule makes no slots on them.
CREATE TABLE closures (
  restaurant_id text NOT NULL,
  date          date NOT NULL, -- in the restaurant's zone
  reason        text NOT NULL,
  created_at    timestamptz NOT NULL,
  PRIMARY KEY (restaurant_id, date)
);

-- What schedules took for granted until now, they state from now on.
UPDATE schedules SET schedule = schedule || '{"dining_minutes": 90, "cancel_cutoff_minutes": 0}';
ALTER TABLE schedules ADD COLUMN made_at timestamptz NOT NULL DEFAULT '-infinity'; -- when its slots were last made ahead
CREATE INDEX idempotency_age ON idempotency USING brin (created_at); -- for the sweep; costs a booking next to nothing

ALTER TABLE outbox ADD COLUMN previous jsonb, ADD COLUMN reason text NOT NULL DEFAULT '';

-- What is remembered and what is still to be told are rows of before: they get
-- what those got.
UPDATE idempotency SET answer = answer || jsonb_build_object(
  'cancel_until', answer -> 'starts_at', 'version', CASE answer ->> 'status' WHEN 'confirmed' THEN 1 ELSE 2 END);
UPDATE outbox SET payload = payload || jsonb_build_object(
  'cancel_until', payload -> 'starts_at', 'version', CASE payload ->> 'status' WHEN 'confirmed' THEN 1 ELSE 2 END);

---- create above / drop below ----

DROP TABLE closures;
ALTER TABLE outbox DROP COLUMN previous, DROP COLUMN reason;
DROP INDEX idempotency_age;
ALTER TABLE schedules DROP COLUMN made_at;
DROP INDEX reservations_live, reservations_past, reservations_line, reservations_offers, slots_start;
DELETE FROM reservations WHERE diner_id IS NULL;
ALTER TABLE reservations DROP CONSTRAINT reservations_offer, DROP CONSTRAINT reservations_line,
  DROP COLUMN cancel_until, DROP COLUMN offer_ends_at, DROP COLUMN line, DROP COLUMN version,
  DROP COLUMN guest_name, DROP COLUMN guest_phone, DROP COLUMN reminded_at,
  ALTER COLUMN diner_id SET NOT NULL;
ALTER TABLE slots DROP COLUMN opens_at, DROP COLUMN cancel_until;
CREATE UNIQUE INDEX reservations_live ON reservations (diner_id, slot_id)
  WHERE status IN ('waiting', 'offered', 'confirmed', 'seated');
