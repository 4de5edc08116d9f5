-- What an owner asked for; the slots below are made from it.
CREATE TABLE schedules (
  restaurant_id text PRIMARY KEY,
  schedule      jsonb NOT NULL,
  updated_at    timestamptz NOT NULL
);

-- fillfactor leaves room beside each row, so that moving the counter stays on
-- its page and touches no index.
CREATE TABLE slots (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  restaurant_id   text NOT NULL,
  starts_at       timestamptz NOT NULL,
  ends_at         timestamptz NOT NULL CHECK (ends_at > starts_at),
  time_zone       text NOT NULL,
  party_min       int NOT NULL,
  party_max       int NOT NULL,
  wanted_capacity int NOT NULL CHECK (wanted_capacity >= 0),
  capacity        int NOT NULL,
  booked          int NOT NULL DEFAULT 0,
  CONSTRAINT slots_party CHECK (1 <= party_min AND party_min <= party_max),
  CONSTRAINT slots_room CHECK (booked BETWEEN 0 AND capacity),
  CONSTRAINT slots_capacity CHECK (capacity = greatest(wanted_capacity, booked)),
  CONSTRAINT slots_time UNIQUE (restaurant_id, starts_at)
) WITH (fillfactor = 50);

-- Reservations and waitlist. What never changes about the slot stands here too,
-- so that a diner's limits and lists need no second table. No foreign key: slots
-- are never deleted, every row is inserted from the slot's own, and the check
-- would be one more lock on the row that everybody wants.
CREATE TABLE reservations (
  id            uuid PRIMARY KEY,
  slot_id       bigint NOT NULL,
  diner_id      uuid NOT NULL,
  restaurant_id text NOT NULL,
  starts_at     timestamptz NOT NULL,
  ends_at       timestamptz NOT NULL,
  time_zone     text NOT NULL,
  party         int NOT NULL CHECK (party BETWEEN 1 AND 20),
  note          text NOT NULL DEFAULT '',
  status        text NOT NULL CHECK (status IN
    ('waiting', 'offered', 'confirmed', 'seated', 'cancelled', 'no_show', 'declined', 'expired')),
  created_at    timestamptz NOT NULL,
  updated_at    timestamptz NOT NULL
);
CREATE UNIQUE INDEX reservations_live ON reservations (diner_id, slot_id)
  WHERE status IN ('waiting', 'offered', 'confirmed', 'seated');
CREATE INDEX reservations_mine ON reservations (diner_id, starts_at DESC, id DESC);

-- Committed successes, to be returned again.
CREATE TABLE idempotency (
  diner_id   uuid NOT NULL,
  op         text NOT NULL,
  key        text NOT NULL,
  body_hash  bytea NOT NULL,
  answer     jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (diner_id, op, key)
);

-- What is still to be told, in order of id for each reservation.
CREATE TABLE outbox (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id       uuid NOT NULL,
  reservation_id uuid NOT NULL,
  kind           text NOT NULL,
  payload        jsonb NOT NULL,
  traceparent    text NOT NULL,
  created_at     timestamptz NOT NULL,
  attempts       int NOT NULL DEFAULT 0,
  due_at         timestamptz NOT NULL
);
CREATE INDEX outbox_order ON outbox (reservation_id, id);

---- create above / drop below ----

DROP TABLE outbox, idempotency, reservations, slots, schedules;
