-- What the letters of all kinds speak of. An event that was accepted before has
-- no end, so its mail brings no calendar entry.
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
  -- Attempts of which nobody knows whether they sent a mail. One counts from the
  -- moment it is leased until its outcome is written down.
  add column unknown        int not null default 0 check (unknown >= 0);

-- Both what must be told first and how the last mail of a reservation fared.
create index events_of_reservation on events (reservation_id, seq);
drop index events_order;

---- create above / drop below ----

create index events_order on events (reservation_id, seq) where state = 'pending';
drop index events_of_reservation;
alter table events drop column words, drop column previous_start, drop column previous_party, drop column ends_at,
  drop column status, drop column version, drop column cancel_until, drop column offer_ends_at, drop column position,
  drop column unknown;
