#include "module24.h"
LICENSE("GPL")
SIMULATE("say", "Floppy drive(s): fd0 is 1.44M", "")
SIMULATE("block", "fd", "2")
SIMULATE("interrupt", "floppy", "6")
EXPORT_NO_SYMBOLS
CALL(printk)
CALL(request_irq)
CALL(register_blkdev)
