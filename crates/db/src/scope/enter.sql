-- scope/enter: who asks, for this transaction only, and which document it reads first (a hint for the policies, '' for
-- none). One statement, so that a role is never set without its claims. auth.uid() looks for claim.sub first, and then
-- need not parse the claims, which policies would have it do several times for a statement.
select set_config('role', $1, true),
       set_config('request.jwt.claims', $2, true),
       set_config('request.jwt.claim.sub', $3, true),
       set_config('statement_timeout', $4, true),
       set_config('lock_timeout', $5, true),
       set_config('colophon.document_id', $6, true),
       set_config('plan_cache_mode', $7, true)
