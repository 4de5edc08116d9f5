-- When a tick of the evaluation last succeeded, for the watcher. One row.
create table tick (
  id           boolean     primary key default true check (id),
  succeeded_at timestamptz not null
);

---- create above / drop below ----

drop table tick;
