-- What people did about an incident, and its timeline.
alter table incident add column response jsonb not null default '{}';

create table entry (
  id          bigint      generated always as identity primary key,
  incident_id uuid        not null references incident (id),
  at          timestamptz not null,
  kind        text        not null,
  actor       text        not null,
  text        text        not null,
  mention     text        not null
);

create index entry_of_incident on entry (incident_id, id);

-- The message of an incident at a target. Without an id, the target has refused it
-- for good.
create table message (
  incident_id uuid    not null references incident (id),
  medium      text    not null,
  address     text    not null,
  channel     text    not null,
  id          text    not null,
  editable    boolean not null default true,
  primary key (incident_id, medium, address)
);

-- Until now all messages went to one channel of Slack.
insert into message (incident_id, medium, address, channel, id)
select id, 'slack', 'pages', channel, message_ts from incident where message_ts <> '';

alter table incident drop column channel, drop column message_ts;

alter table outbox
  alter column incident_id drop not null, -- a notice belongs to no incident
  drop constraint outbox_kind_check,
  add constraint outbox_kind_check check (kind in ('post', 'update', 'reply', 'notice')),
  add column medium    text        not null default 'slack',
  add column address   text        not null default 'pages',
  add column mention   text        not null default '',
  add column queued_at timestamptz not null default clock_timestamp(),
  add column refused   boolean     not null default false, -- by the channel's configuration
  add column failed    boolean     not null default false; -- for good: kept for reading

alter table outbox alter column medium drop default, alter column address drop default;

drop index outbox_by_incident;
create index outbox_by_incident on outbox (incident_id, medium, address, id) where not failed;
create index outbox_waiting on outbox (medium, id) where not failed;

-- Until when a target accepts nothing by a method.
create table pause (
  medium  text        not null,
  address text        not null,
  method  text        not null,
  until   timestamptz not null,
  primary key (medium, address, method)
);

-- A rule that notifies nobody for a while, or an incident until it resolves.
create table silence (
  id          uuid        primary key,
  rule        text        not null,
  incident_id uuid        references incident (id),
  from_at     timestamptz not null,
  until_at    timestamptz,
  by          text        not null,
  reason      text        not null
);

create index silence_until on silence (until_at);

-- Requests of Slack that were carried out, so that no replica carries one out again.
create table seen_request (
  id    text        primary key,
  until timestamptz not null
);

---- create above / drop below ----

drop table seen_request, silence, pause;

delete from outbox where kind = 'notice' or failed or medium <> 'slack';
drop index outbox_by_incident, outbox_waiting;
alter table outbox
  drop column medium, drop column address, drop column mention, drop column queued_at, drop column refused, drop column failed,
  drop constraint outbox_kind_check,
  add constraint outbox_kind_check check (kind in ('post', 'update', 'reply')),
  alter column incident_id set not null;
create index outbox_by_incident on outbox (incident_id, id);

alter table incident add column channel text not null default '', add column message_ts text not null default '';
update incident i set channel = m.channel, message_ts = m.id
from message m where m.incident_id = i.id and m.medium = 'slack' and m.address = 'pages';

drop table message, entry;
alter table incident drop column response;
