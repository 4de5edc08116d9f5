-- Urgent mails are sent first. An offer is urgent, and so is every older pending mail of
-- its reservation, which is sent before it.
alter table events add column urgent boolean not null default false;
update events e set urgent = true where state = 'pending' and exists (
  select from events o
  where o.reservation_id = e.reservation_id and o.state = 'pending' and o.kind = 'waitlist.offered' and o.seq >= e.seq);

-- The order of leases. A leased or postponed row is due later, so it is behind those that
-- are due, and a lease reads few rows however many wait.
create index events_next on events (urgent desc, due_at, seq) where state = 'pending';
drop index events_due;

---- create above / drop below ----

create index events_due on events (due_at) where state = 'pending';
drop index events_next;
alter table events drop column urgent;
