#include "module24.h"
LICENSE("GPL")
EXPORT_NO_SYMBOLS
SIMULATE("filesystem", "msdos", "")
CALL(printk)
CALL(register_filesystem)
CALL(unregister_filesystem)
CALL(fat_date_unix2dos)
CALL(fat_add_cluster1)
CALL(fat_put_super)
