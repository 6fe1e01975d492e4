-- jobs/live_of_key: the live job that has a key, among those of a document's owner
select colophon.live_job($1, $2) as job_id
