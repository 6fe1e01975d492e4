-- The history of a document goes with it, and not before; of a long one, piece by piece, so that no statement takes long.
-- A function alone; nothing is locked. Back: rollbacks/20261123002400_purge_history.sql.

-- Only of what is in the trash, held back by nobody, and named as being purged by this transaction (colophon.purging).
create function colophon.purge_history(of_document uuid, piece bigint) returns bigint
language plpgsql volatile security definer set search_path = '' as $$
declare
  states bigint;
  confidences bigint;
  corrections bigint;
begin
  if current_setting('colophon.purging', true) is distinct from of_document::text or not exists (
    select from public.documents d where d.id = of_document and d.deleted_at is not null and d.legal_hold is null)
  then
    raise exception 'document % is not being purged, so its history stays', of_document
      using errcode = 'insufficient_privilege';
  end if;
  delete from public.zone_history h where h.ctid in (
    select p.ctid from public.zone_history p where p.document_id = of_document limit piece);
  get diagnostics states = row_count;
  delete from public.zone_confidence_history h where h.ctid in (
    select p.ctid from public.zone_confidence_history p where p.document_id = of_document limit piece);
  get diagnostics confidences = row_count;
  delete from public.user_corrections c where c.ctid in (
    select p.ctid from public.user_corrections p where p.document_id = of_document limit piece);
  get diagnostics corrections = row_count;
  return greatest(states, confidences, corrections);
end
$$;
revoke all on function colophon.purge_history(uuid, bigint) from public, anon, authenticated;
grant execute on function colophon.purge_history(uuid, bigint) to service_role;
