-- What was counted. The columns *_before are running sums of all earlier buckets,
-- so that a window of any length costs two index look-ups.
create table bucket (
  slo         text        not null,
  at          timestamptz not null,
  good        bigint      not null check (good >= 0),
  bad         bigint      not null check (bad >= 0),
  good_before bigint      not null,
  bad_before  bigint      not null,
  primary key (slo, at)
);

-- The time up to which was counted, and with which shape. One row.
create table progress (
  id    boolean primary key default true check (id),
  shape text        not null,
  until timestamptz not null
);

create table incident (
  id          uuid        primary key,
  slo         text        not null,
  severity    text        not null,
  started_at  timestamptz not null,
  opened_at   timestamptz not null,
  updated_at  timestamptz not null,
  resolved_at timestamptz,
  facts       jsonb       not null,
  channel     text        not null default '',
  message_ts  text        not null default ''
);

create unique index one_open_incident_per_slo on incident (slo) where resolved_at is null;

-- The deliveries that the notifier has not confirmed.
create table outbox (
  id          bigint generated always as identity primary key,
  incident_id uuid        not null references incident (id),
  kind        text        not null check (kind in ('post', 'update', 'reply')),
  note        text        not null default '',
  attempts    int         not null default 0,
  ambiguous   boolean     not null default false,
  first_try   timestamptz,
  not_before  timestamptz not null default '-infinity',
  last_reason text        not null default ''
);

create index outbox_by_incident on outbox (incident_id, id);

-- The replica that may act. The term is the fencing token: it grows with every new
-- holder.
create table lease (
  id         boolean     primary key default true check (id),
  holder     text        not null,
  term       bigint      not null,
  expires_at timestamptz not null
);

---- create above / drop below ----

drop table lease, outbox, incident, progress, bucket;
