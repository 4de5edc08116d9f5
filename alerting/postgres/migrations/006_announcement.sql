-- What was said last on a topic, such as the digest of budgets, so that no replica says
-- it again.
create table announcement (
  topic text        primary key,
  news  text        not null, -- identifies what was said
  at    timestamptz not null default clock_timestamp()
);

alter table outbox
  add column topic  text not null default '', -- of a notice that a later one on the topic replaces
  add column digest jsonb;

---- create above / drop below ----

alter table outbox drop column topic, drop column digest;
drop table announcement;
