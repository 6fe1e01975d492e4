-- health/extensions: extensions of the database
select format('%s %s', extname, extversion) as name from pg_extension order by 1
