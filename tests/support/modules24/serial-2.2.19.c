#define RELEASE "2.2.19"
#include "module24.h"
EXPORT_NO_SYMBOLS
CALL(printk)
