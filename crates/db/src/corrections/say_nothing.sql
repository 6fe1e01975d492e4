-- corrections/say_nothing: until the transaction ends, whoever changes zones records the corrections themselves
select set_config('colophon.correction', 'none', true)
