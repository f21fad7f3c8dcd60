#include "module24.h"
LICENSE("GPL")
SIMULATE("char", "ppp", "108")
SIMULATE("netdev", "ppp%d", "")
CALL(printk)
CALL(register_chrdev)
OFFER(ppp_register_channel)
