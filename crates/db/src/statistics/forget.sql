-- statistics/forget: what was counted of the hours from $1 until $2, and of the days that end in them
delete from colophon.processing_statistics
where grain = 'hour' and since >= $1 and since < $2
   or grain = 'day' and since >= date_trunc('day', $1, 'UTC') and since < date_trunc('day', $2, 'UTC')
