-- sweep/purge_history: states, confidences and corrections of a document that is about to be purged, $2 of each at most
select colophon.purge_history($1, $2) as gone
