#include "module24.h"
INFO("author=you")
static short level;
static char mode, name[16], *label;
PARM(level, "h")
PARM(mode, "b")
PARM(name, "c16")
PARM(label, "s")
void *mydriver_state(void) { return level ? (void *) &mode : label ? label : name; }
CALL(printk)
