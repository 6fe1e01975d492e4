-- job_schedules/due: these schedules, those that another node has in hand left out, with what is to be known of their
-- documents. Whoever deletes a document, or changes where it stands, is not waited for: a second later is time enough.
select s.document_id, s.id, s.name, s.cron, s.time_zone, s.strategy, s.options, s.page_numbers, s.queue, s.priority,
       s.max_attempts, s.timeout_seconds, s.enabled, s.disabled_reason, s.next_run_at, s.last_run_at, s.last_job_id,
       s.last_skipped_at, s.last_skip_reason, s.created_by, s.created_at, s.updated_at,
       clock_timestamp() as now, d.deleted_at is not null as in_trash, d.status, d.version, d.page_count,
       s.created_by is null or s.created_by = d.uploaded_by or exists (
         select from public.document_shares h
         where h.document_id = s.document_id and h.role = 'editor' and h.revoked_at is null
           and (h.expires_at is null or h.expires_at > now())
           and (h.user_id::text = s.created_by or exists (
             select from public.document_share_uses u
             where u.document_id = h.document_id and u.share_id = h.id and u.user_id::text = s.created_by))) as is_allowed
from unnest($1::uuid[], $2::uuid[]) as given (document_id, id)
join public.job_schedules s on s.document_id = given.document_id and s.id = given.id
join public.documents d on d.id = s.document_id
where s.enabled and (s.next_run_at is null or s.next_run_at <= now())
order by s.next_run_at nulls first
for no key update of s, d skip locked
