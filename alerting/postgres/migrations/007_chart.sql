-- The picture that goes with the messages of an incident. It is written by itself, and not
-- by an evaluation or by people.
alter table incident add column chart jsonb not null default '{}';

---- create above / drop below ----

alter table incident drop column chart;
