#include "module24.h"
LICENSE("GPL")
CALL(printk)
OFFER(fat_date_unix2dos)
OFFER(fat_add_cluster1)
OFFER(fat_put_super)
OFFER(fat_read_super)
OFFER(fat_lock_creation)
