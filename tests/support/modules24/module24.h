/* What a module of Linux 2.4 carries: .modinfo records, exports as (address, name) pairs, and its size by padding. */
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define INFO(text) static const char JOIN(info_, __COUNTER__)[] __attribute__((section(".modinfo"), used)) = text;
#define PARM(name, type) INFO("parm_" #name "=" type)
#define PARM_DESC(name, text) INFO("parm_desc_" #name "=" text)
#define LICENSE(text) INFO("license=" text)
#ifndef RELEASE
#define RELEASE "2.4.2-2"
#endif
#ifdef MODULE
INFO("kernel_version=" RELEASE)
#endif
struct kernel_symbol { unsigned long value; const char *name; };
#define EXPORT_AS(symbol, text) \
	static const char name_##symbol[] __attribute__((section(".kstrtab"), used)) = text; \
	static const struct kernel_symbol export_##symbol __attribute__((section("__ksymtab"), used)) = \
		{ (unsigned long) &symbol, name_##symbol };
#define EXPORT(symbol) EXPORT_AS(symbol, #symbol)
#define EXPORT_NO_SYMBOLS __asm__(".section __ksymtab,\"a\"\n\t.previous");
#define CALL(symbol) extern void symbol(void); static void (*const use_##symbol)(void) __attribute__((used)) = symbol;
#define OFFER(symbol) void symbol(void) {} EXPORT(symbol)
/* What its start registers, for the simulated kernel: a kind of thing, its name and its number. */
#define SIMULATE(kind, name, number) INFO("simulate=" kind ":" name ":" number)
/* A device table, as MODULE_DEVICE_TABLE of 2.4 told of it. */
#define TABLE(kind, name) \
	static const unsigned long __module_##kind##_size __attribute__((used)) = sizeof(struct kind##_id); \
	static const struct kind##_id *const __module_##kind##_table __attribute__((used)) = name;
struct pci_device_id { unsigned vendor, device, subvendor, subdevice, class, class_mask; unsigned long driver_data; };
struct usb_device_id {
	unsigned short match_flags, vendor, product, bcd_lo, bcd_hi;
	unsigned char device_class, device_subclass, device_protocol, class, subclass, protocol;
	unsigned long driver_info;
};
struct isapnp_card_id {
	unsigned long driver_data;
	unsigned short card_vendor, card_device;
	struct { unsigned short vendor, function; } devs[8];
};
struct isapnp_device_id { unsigned short card_vendor, card_device, vendor, function; unsigned long driver_data; };
struct ieee1394_device_id { unsigned match_flags, vendor_id, model_id, specifier_id, version; void *driver_data; };
struct parport_device_id { const char *pattern; unsigned long driver_data; };
struct pnpbios_device_id { char id[8]; unsigned long driver_data; };
int init_module(void) { return 0; }
void cleanup_module(void) {}
