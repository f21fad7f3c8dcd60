#include "module24.h"
LICENSE("GPL")
INFO("description=NE1000/NE2000 ISA Ethernet")
EXPORT_NO_SYMBOLS
SIMULATE("requires", "io", "6")
SIMULATE("interrupt", "ne", "irq")
SIMULATE("netdev", "eth%d", "")
SIMULATE("say", "$netdev: NE2000 found at $io, using IRQ $irq.", "")
CALL(printk)
CALL(request_irq)
CALL(ei_open)
CALL(ei_close)
static int io[4], irq[4], bad[4];
PARM(io, "1-4i")
PARM(irq, "1-4i")
PARM(bad, "1-4i")
PARM_DESC(io, "I/O base address(es), required")
PARM_DESC(irq, "IRQ number(s)")
int *ne_probe(void) { return *io ? irq : bad; }
