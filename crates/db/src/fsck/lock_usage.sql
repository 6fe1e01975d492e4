-- fsck/lock_usage: holds what is counted of an owner: whoever adds to it has not counted yet, or has committed
select colophon.count_usage($1, 0, 0)
