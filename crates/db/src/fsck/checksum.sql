-- fsck/checksum: the SHA-256 that a stored object should have
select min(sha256) as sha256 from colophon.objects where storage_path = $1 and state = 'stored'
