#include "module24.h"
LICENSE("GPL")
CALL(printk)
OFFER(ei_open)
OFFER(ei_close)
OFFER(ei_interrupt)
