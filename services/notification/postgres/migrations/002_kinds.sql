-- What the mails of all kinds contain. An event of version 1 has no end, so its
-- mail has no calendar entry.
alter table events
  add column words          text not null default '',
  add column previous_start timestamptz,
  add column previous_party int not null default 0,
  add column ends_at        timestamptz,
  add column status         text not null default '',
  add column version        int not null default 1,
  add column cancel_until   timestamptz,
  add column offer_ends_at  timestamptz,
  add column position       int not null default 0,
  -- Attempts with an unknown outcome: each may have sent a mail. An attempt counts
  -- from its lease until its outcome is recorded.
  add column unknown        int not null default 0 check (unknown >= 0);

-- For the order of a reservation's mails, and for the outcome of its last one.
create index events_of_reservation on events (reservation_id, seq);
drop index events_order;

---- create above / drop below ----

create index events_order on events (reservation_id, seq) where state = 'pending';
drop index events_of_reservation;
alter table events drop column words, drop column previous_start, drop column previous_party, drop column ends_at,
  drop column status, drop column version, drop column cancel_until, drop column offer_ends_at, drop column position,
  drop column unknown;
