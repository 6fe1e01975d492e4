-- runs/release_parts: parts of zones that go stay, and are parts of nothing then
update public.zones set parent_id = null
where document_id = $1 and parent_id = any($2) and id <> all($2)
