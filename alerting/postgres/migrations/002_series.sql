-- Counts by indicator and region in place of counts by objective. What had been
-- counted is counted again from the logs.
drop table bucket, progress;

-- An indicator in one region.
create table series (
  id     int  generated always as identity primary key,
  key    text not null,
  region text not null,
  unique (key, region)
);

-- What was counted. The columns *_sum are running sums of this bucket and all before
-- it, so that a window of any length costs two index look-ups. Only their differences
-- have a meaning. A series in use is never deleted; a foreign key would be checked for
-- each row.
create table bucket (
  series   int         not null,
  at       timestamptz not null,
  good     bigint      not null check (good >= 0),
  bad      bigint      not null check (bad >= 0),
  good_sum bigint      not null,
  bad_sum  bigint      not null,
  primary key (series, at)
) with (fillfactor = 80); -- late lines update the sums after them in place

create index bad_bucket on bucket (series, at) where bad > 0;

-- Sums of an hour, which are kept longer.
create table hour (
  series int         not null,
  at     timestamptz not null,
  good   bigint      not null,
  bad    bigint      not null,
  primary key (series, at)
);

-- The period that was counted of an indicator.
create table progress (
  key          text        primary key,
  counted_from timestamptz not null,
  counted_to   timestamptz not null
);

---- create above / drop below ----

drop table progress, hour, bucket, series;

create table bucket (
  slo         text        not null,
  at          timestamptz not null,
  good        bigint      not null check (good >= 0),
  bad         bigint      not null check (bad >= 0),
  good_before bigint      not null,
  bad_before  bigint      not null,
  primary key (slo, at)
);

create table progress (
  id    boolean primary key default true check (id),
  shape text        not null,
  until timestamptz not null
);
