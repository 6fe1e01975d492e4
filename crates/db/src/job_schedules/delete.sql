-- job_schedules/delete: a schedule goes; its jobs stay
delete from public.job_schedules
where document_id = $1 and id = $2
