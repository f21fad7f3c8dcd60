#include "module24.h"
LICENSE("GPL")
SIMULATE("char", "ttyS", "4")
SIMULATE("char", "cua", "5")
CALL(printk)
CALL(request_irq)
CALL(tty_register_driver)
OFFER(register_serial)
OFFER(unregister_serial)
