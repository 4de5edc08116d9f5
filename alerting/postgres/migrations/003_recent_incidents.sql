-- A tick reads the open incidents and those that ended recently.
create index incident_ended on incident (resolved_at);

---- create above / drop below ----

drop index incident_ended;
