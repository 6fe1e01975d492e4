-- Zones are found by the stems of their own language, and by each of their words: stemmers of PostgreSQL without its lists of
-- stop words, so that "to be" is found where it stands. New objects only; nothing is locked.
-- Back: rollbacks/20261123002100_text_search.sql drops them.

create text search dictionary colophon.danish_stem (template = pg_catalog.snowball, language = danish);
create text search dictionary colophon.dutch_stem (template = pg_catalog.snowball, language = dutch);
create text search dictionary colophon.english_stem (template = pg_catalog.snowball, language = english);
create text search dictionary colophon.finnish_stem (template = pg_catalog.snowball, language = finnish);
create text search dictionary colophon.french_stem (template = pg_catalog.snowball, language = french);
create text search dictionary colophon.german_stem (template = pg_catalog.snowball, language = german);
create text search dictionary colophon.hungarian_stem (template = pg_catalog.snowball, language = hungarian);
create text search dictionary colophon.italian_stem (template = pg_catalog.snowball, language = italian);
create text search dictionary colophon.nepali_stem (template = pg_catalog.snowball, language = nepali);
create text search dictionary colophon.norwegian_stem (template = pg_catalog.snowball, language = norwegian);
create text search dictionary colophon.portuguese_stem (template = pg_catalog.snowball, language = portuguese);
create text search dictionary colophon.russian_stem (template = pg_catalog.snowball, language = russian);
create text search dictionary colophon.spanish_stem (template = pg_catalog.snowball, language = spanish);
create text search dictionary colophon.swedish_stem (template = pg_catalog.snowball, language = swedish);
create text search dictionary colophon.turkish_stem (template = pg_catalog.snowball, language = turkish);

create text search configuration colophon.danish (copy = pg_catalog.danish);
alter text search configuration colophon.danish alter mapping replace pg_catalog.danish_stem with colophon.danish_stem;
create text search configuration colophon.dutch (copy = pg_catalog.dutch);
alter text search configuration colophon.dutch alter mapping replace pg_catalog.dutch_stem with colophon.dutch_stem;
create text search configuration colophon.english (copy = pg_catalog.english);
alter text search configuration colophon.english alter mapping replace pg_catalog.english_stem with colophon.english_stem;
create text search configuration colophon.finnish (copy = pg_catalog.finnish);
alter text search configuration colophon.finnish alter mapping replace pg_catalog.finnish_stem with colophon.finnish_stem;
create text search configuration colophon.french (copy = pg_catalog.french);
alter text search configuration colophon.french alter mapping replace pg_catalog.french_stem with colophon.french_stem;
create text search configuration colophon.german (copy = pg_catalog.german);
alter text search configuration colophon.german alter mapping replace pg_catalog.german_stem with colophon.german_stem;
create text search configuration colophon.hungarian (copy = pg_catalog.hungarian);
alter text search configuration colophon.hungarian alter mapping replace pg_catalog.hungarian_stem with colophon.hungarian_stem;
create text search configuration colophon.italian (copy = pg_catalog.italian);
alter text search configuration colophon.italian alter mapping replace pg_catalog.italian_stem with colophon.italian_stem;
create text search configuration colophon.nepali (copy = pg_catalog.nepali);
alter text search configuration colophon.nepali alter mapping replace pg_catalog.nepali_stem with colophon.nepali_stem;
create text search configuration colophon.norwegian (copy = pg_catalog.norwegian);
alter text search configuration colophon.norwegian alter mapping replace pg_catalog.norwegian_stem with colophon.norwegian_stem;
create text search configuration colophon.portuguese (copy = pg_catalog.portuguese);
alter text search configuration colophon.portuguese alter mapping replace pg_catalog.portuguese_stem with colophon.portuguese_stem;
create text search configuration colophon.russian (copy = pg_catalog.russian);
alter text search configuration colophon.russian alter mapping replace pg_catalog.russian_stem with colophon.russian_stem;
alter text search configuration colophon.russian alter mapping replace pg_catalog.english_stem with colophon.english_stem;
create text search configuration colophon.spanish (copy = pg_catalog.spanish);
alter text search configuration colophon.spanish alter mapping replace pg_catalog.spanish_stem with colophon.spanish_stem;
create text search configuration colophon.swedish (copy = pg_catalog.swedish);
alter text search configuration colophon.swedish alter mapping replace pg_catalog.swedish_stem with colophon.swedish_stem;
create text search configuration colophon.turkish (copy = pg_catalog.turkish);
alter text search configuration colophon.turkish alter mapping replace pg_catalog.turkish_stem with colophon.turkish_stem;
create text search configuration colophon.hindi (copy = pg_catalog.hindi);
alter text search configuration colophon.hindi alter mapping replace pg_catalog.english_stem with colophon.english_stem;

-- How the text of a language (a BCP 47 tag; ISO 639-2 codes of three letters occur) is searched: by its stems, or word by
-- word where PostgreSQL knows no stemmer or nobody said which language it is.
create function colophon.zone_text_config(language text) returns regconfig
language plpgsql immutable parallel safe set search_path = '' as $$
begin
  return case lower(split_part(language, '-', 1))
    when 'en' then 'colophon.english'::regconfig
    when 'eng' then 'colophon.english'::regconfig
    when 'de' then 'colophon.german'::regconfig
    when 'deu' then 'colophon.german'::regconfig
    when 'ger' then 'colophon.german'::regconfig
    when 'fr' then 'colophon.french'::regconfig
    when 'fra' then 'colophon.french'::regconfig
    when 'fre' then 'colophon.french'::regconfig
    when 'es' then 'colophon.spanish'::regconfig
    when 'spa' then 'colophon.spanish'::regconfig
    when 'it' then 'colophon.italian'::regconfig
    when 'ita' then 'colophon.italian'::regconfig
    when 'nl' then 'colophon.dutch'::regconfig
    when 'nld' then 'colophon.dutch'::regconfig
    when 'dut' then 'colophon.dutch'::regconfig
    when 'pt' then 'colophon.portuguese'::regconfig
    when 'por' then 'colophon.portuguese'::regconfig
    when 'ru' then 'colophon.russian'::regconfig
    when 'rus' then 'colophon.russian'::regconfig
    when 'sv' then 'colophon.swedish'::regconfig
    when 'swe' then 'colophon.swedish'::regconfig
    when 'da' then 'colophon.danish'::regconfig
    when 'dan' then 'colophon.danish'::regconfig
    when 'no' then 'colophon.norwegian'::regconfig
    when 'nor' then 'colophon.norwegian'::regconfig
    when 'nb' then 'colophon.norwegian'::regconfig
    when 'nob' then 'colophon.norwegian'::regconfig
    when 'nn' then 'colophon.norwegian'::regconfig
    when 'nno' then 'colophon.norwegian'::regconfig
    when 'fi' then 'colophon.finnish'::regconfig
    when 'fin' then 'colophon.finnish'::regconfig
    when 'hu' then 'colophon.hungarian'::regconfig
    when 'hun' then 'colophon.hungarian'::regconfig
    when 'ro' then 'pg_catalog.romanian'::regconfig
    when 'ron' then 'pg_catalog.romanian'::regconfig
    when 'rum' then 'pg_catalog.romanian'::regconfig
    when 'tr' then 'colophon.turkish'::regconfig
    when 'tur' then 'colophon.turkish'::regconfig
    when 'el' then 'pg_catalog.greek'::regconfig
    when 'ell' then 'pg_catalog.greek'::regconfig
    when 'gre' then 'pg_catalog.greek'::regconfig
    when 'ar' then 'pg_catalog.arabic'::regconfig
    when 'ara' then 'pg_catalog.arabic'::regconfig
    when 'hy' then 'pg_catalog.armenian'::regconfig
    when 'hye' then 'pg_catalog.armenian'::regconfig
    when 'arm' then 'pg_catalog.armenian'::regconfig
    when 'eu' then 'pg_catalog.basque'::regconfig
    when 'eus' then 'pg_catalog.basque'::regconfig
    when 'baq' then 'pg_catalog.basque'::regconfig
    when 'ca' then 'pg_catalog.catalan'::regconfig
    when 'cat' then 'pg_catalog.catalan'::regconfig
    when 'hi' then 'colophon.hindi'::regconfig
    when 'hin' then 'colophon.hindi'::regconfig
    when 'id' then 'pg_catalog.indonesian'::regconfig
    when 'ind' then 'pg_catalog.indonesian'::regconfig
    when 'ga' then 'pg_catalog.irish'::regconfig
    when 'gle' then 'pg_catalog.irish'::regconfig
    when 'lt' then 'pg_catalog.lithuanian'::regconfig
    when 'lit' then 'pg_catalog.lithuanian'::regconfig
    when 'ne' then 'colophon.nepali'::regconfig
    when 'nep' then 'colophon.nepali'::regconfig
    when 'sr' then 'pg_catalog.serbian'::regconfig
    when 'srp' then 'pg_catalog.serbian'::regconfig
    when 'ta' then 'pg_catalog.tamil'::regconfig
    when 'tam' then 'pg_catalog.tamil'::regconfig
    when 'yi' then 'pg_catalog.yiddish'::regconfig
    when 'yid' then 'pg_catalog.yiddish'::regconfig
    else 'pg_catalog.simple'::regconfig
  end;
end
$$;

-- One expression for the index and for every search (the text: 20261122100200). PL/pgSQL, since with every zone that is
-- written it is run once, and a function in SQL takes longer to start than it runs.
create function colophon.zone_text_vector(content text, language text) returns tsvector
language plpgsql immutable parallel safe set search_path = '' as $$
begin
  return to_tsvector(
    case when language is null then 'pg_catalog.simple'::regconfig else colophon.zone_text_config(language) end,
    left(replace(replace(coalesce(content, ''), U&'\00AD', ''), E'-\n', ''), 100000));
end
$$;
revoke all on function colophon.zone_text_config(text), colophon.zone_text_vector(text, text) from public, anon;
grant execute on function colophon.zone_text_config(text), colophon.zone_text_vector(text, text)
  to postgres, authenticated, service_role;
