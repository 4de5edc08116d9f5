-- A mail that is not needed any more. Every row satisfies the narrower check that
-- it replaces, so the table need not be read under the lock.
alter table events drop constraint events_state_check, add constraint events_state_check
  check (state in ('pending', 'sent', 'failed', 'withdrawn')) not valid;

---- create above / drop below ----

update events set state = 'failed', reason = 'too_late' where state = 'withdrawn';
alter table events drop constraint events_state_check, add constraint events_state_check
  check (state in ('pending', 'sent', 'failed')) not valid;
