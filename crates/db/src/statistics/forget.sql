-- statistics/forget: what was counted of the hours from $1 until $2
delete from colophon.processing_statistics where hour >= $1 and hour < $2
