-- Cut-offs and drops. A reservation has a copy of the slot's cut-off at the time when
-- it was made. Earlier reservations had no cut-off but the start of the slot.
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

-- The slot comes first, so that the index also finds all live reservations of a slot,
-- for the owner, the waitlist and the audit. reservations_mine finds a diner's.
DROP INDEX reservations_live;
CREATE UNIQUE INDEX reservations_live ON reservations (slot_id, diner_id)
  WHERE status IN ('waiting', 'offered', 'confirmed', 'seated');
CREATE INDEX reservations_past ON reservations (slot_id)
  WHERE status IN ('cancelled', 'no_show', 'declined', 'expired');
CREATE INDEX reservations_line ON reservations (slot_id, line) WHERE status = 'waiting';
CREATE INDEX reservations_offers ON reservations (offer_ends_at) WHERE status = 'offered';
CREATE INDEX slots_start ON slots (starts_at); -- for the jobs that look for the next slots

-- Days that the owner has closed; no slots are generated for them.
CREATE TABLE closures (
  restaurant_id text NOT NULL,
  date          date NOT NULL, -- in the restaurant's time zone
  reason        text NOT NULL,
  created_at    timestamptz NOT NULL,
  PRIMARY KEY (restaurant_id, date)
);

-- Values that were fixed for all schedules until now and are part of each from now on.
UPDATE schedules SET schedule = schedule || '{"dining_minutes": 90, "cancel_cutoff_minutes": 0}';
ALTER TABLE schedules ADD COLUMN made_at timestamptz NOT NULL DEFAULT '-infinity'; -- when its slots were last generated ahead
CREATE INDEX idempotency_age ON idempotency USING brin (created_at); -- for the deletion of old records; costs a booking almost nothing

ALTER TABLE outbox ADD COLUMN previous jsonb, ADD COLUMN reason text NOT NULL DEFAULT '';

-- Stored results and undelivered events describe reservations as they were before
-- this migration. They get the same values as the reservations above.
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
