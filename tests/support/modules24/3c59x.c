#include "module24.h"
LICENSE("GPL")
INFO("author=Donald Becker <becker@scyld.com>")
INFO("description=3Com 3c59x/3c9xx ethernet driver")
INFO("device=PCI")
SIMULATE("netdev", "eth%d", "")
SIMULATE("say", "$netdev: 3Com PCI 3c905C Tornado at 0xdc00, IRQ 10", "")
EXPORT_NO_SYMBOLS
static int debug, options[8];
PARM(debug, "i")
PARM(options, "1-8i")
PARM_DESC(debug, "3c59x debug level (0-6)")
int *vortex_options(void) { return debug ? 0 : options; }
CALL(printk)
CALL(request_irq)
CALL(register_netdev)
static const struct pci_device_id vortex_pci_tbl[] = {
	{0x10b7, 0x5900, ~0u, ~0u},
	{0x10b7, 0x9055, ~0u, ~0u},
	{0x10b7, 0x9200, ~0u, ~0u},
	{0},
};
TABLE(pci_device, vortex_pci_tbl)
