#include "module24.h"
LICENSE("GPL")
CALL(printk)
OFFER(parport_register_device)
OFFER(parport_unregister_device)
OFFER(parport_register_port)
OFFER(parport_claim)
