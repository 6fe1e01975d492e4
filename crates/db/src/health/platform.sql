-- health/platform: what a transaction of the platform runs as
select current_user::text as role, current_setting('statement_timeout') as statement_timeout
