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
int init_module(void) { return 0; }
void cleanup_module(void) {}
