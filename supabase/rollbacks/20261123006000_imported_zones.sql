drop table colophon.imported_zones;
