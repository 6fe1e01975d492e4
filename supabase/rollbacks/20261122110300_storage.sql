-- Way back of 20261122110300_storage.sql. Nobody but service_role reaches the objects any more. The bucket and its
-- objects stay: a row deleted by SQL would leave its bytes behind for ever, and a hosted project refuses it
-- (SQLSTATE 42501). To be rid of them, empty and delete the bucket by the dashboard or the Storage API.
drop policy colophon_objects_owner_insert on storage.objects;
drop policy colophon_objects_owner_select on storage.objects;
