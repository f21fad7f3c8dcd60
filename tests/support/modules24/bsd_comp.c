#include "module24.h"
LICENSE("BSD without advertisement clause")
EXPORT_NO_SYMBOLS
CALL(printk)
CALL(register_chrdev)
