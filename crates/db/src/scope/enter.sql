-- scope/enter: who asks, for this transaction only. One statement, so that a role is never set without its claims.
select set_config('role', $1, true),
       set_config('request.jwt.claims', $2, true),
       set_config('statement_timeout', $3, true),
       set_config('lock_timeout', $4, true)
