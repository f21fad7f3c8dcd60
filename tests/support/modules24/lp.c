#include "module24.h"
LICENSE("GPL")
SIMULATE("char", "lp", "6")
SIMULATE("use", "parport_pc+parport", "")
SIMULATE("say", "lp0: using parport0 (polling).", "parport_pc")
EXPORT_NO_SYMBOLS
static char *parport[8];
static int reset;
PARM(parport, "1-8s")
PARM(reset, "i")
char **lp_ports(void) { return reset ? 0 : parport; }
CALL(printk)
CALL(register_chrdev)
CALL(parport_register_device)
CALL(parport_claim)
