#include "module24.h"
LICENSE("GPL")
INFO("description=PC-style parallel port driver")
static int io[4];
static char *irq[4];
PARM(io, "1-4i")
PARM(irq, "1-4s")
int *parport_pc_ports(void) { return *irq ? 0 : io; }
CALL(printk)
CALL(parport_register_port)
EXPORT_NO_SYMBOLS
