-- pages/insert: every page of a version in one statement
insert into public.document_pages (
  document_id, version, page_number, width, height, rotation, mediabox, cropbox, user_unit)
select $1, $2, p.page_number, p.width, p.height, p.rotation,
       array[p.m0, p.m1, p.m2, p.m3], array[p.c0, p.c1, p.c2, p.c3], p.user_unit
from unnest($3::int4[], $4::float8[], $5::float8[], $6::int2[],
            $7::float8[], $8::float8[], $9::float8[], $10::float8[],
            $11::float8[], $12::float8[], $13::float8[], $14::float8[], $15::float8[])
  as p (page_number, width, height, rotation, m0, m1, m2, m3, c0, c1, c2, c3, user_unit)
