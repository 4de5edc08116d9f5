-- Every accepted event and the state of its mail. A completed row stays, so that
-- a duplicate of the event is recognised.
create table events (
  seq            bigint generated always as identity primary key,
  id             uuid not null unique,
  kind           text not null,
  occurred_at    timestamptz not null,
  diner_id       uuid not null,
  reservation_id uuid not null,
  restaurant_id  text not null,
  slot_id        text not null,
  starts_at      timestamptz not null,
  time_zone      text not null,
  party          int not null,
  note           text not null,
  traceparent    text not null,
  accepted_at    timestamptz not null,
  state          text not null default 'pending' check (state in ('pending', 'sent', 'failed')),
  reason         text not null default '',
  attempts       int not null default 0,
  due_at         timestamptz not null,
  settled_at     timestamptz,
  check ((state = 'pending') = (settled_at is null))
);

-- Pending rows are few among all rows, and are queried often.
create index events_due on events (due_at) where state = 'pending';
create index events_order on events (reservation_id, seq) where state = 'pending';

---- create above / drop below ----

drop table events;
