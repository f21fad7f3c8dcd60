#include "module24.h"
LICENSE("GPL")
SIMULATE("family", "PF_PACKET", "17")
EXPORT_NO_SYMBOLS
int can_unload(void) { return 0; }
CALL(sock_register)
CALL(printk)
