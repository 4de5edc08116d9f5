-- For the job mail.sweep.
create index events_old on events (greatest(settled_at, ends_at, starts_at)) where state <> 'pending';

---- create above / drop below ----

drop index events_old;
