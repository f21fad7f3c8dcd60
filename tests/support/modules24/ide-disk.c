#include "module24.h"
LICENSE("GPL")
EXPORT_NO_SYMBOLS
CALL(printk)
CALL(ide_register_subdriver)
