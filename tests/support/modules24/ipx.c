#include "module24.h"
LICENSE("GPL")
SIMULATE("family", "PF_IPX", "4")
EXPORT_NO_SYMBOLS
CALL(sock_register)
CALL(printk)
