-- quotas/remove: an owner's own quota goes; that of '*' holds again
delete from colophon.quotas where owner = $1
