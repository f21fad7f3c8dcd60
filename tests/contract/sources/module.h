/* A kernel module without the kernel's headers: what its loader looks at, laid out by hand (include/linux/module.h,
   moduleparam.h, export-internal.h). NAME, VERMAGIC, and SIZE, INIT, EXIT of struct module come from the command line. */
typedef int initcall(void);
typedef void exitcall(void);

struct module {
	char state_and_list[24], name[56], more[INIT - 80];
	initcall *init;
	char more_still[EXIT - INIT - 8];
	exitcall *exit;
	char rest[SIZE - EXIT - 8];
};
extern struct module __this_module;

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define INFO(text) \
	static const char PASTE(info, __COUNTER__)[] __attribute__((used, section(".modinfo"), aligned(1))) = text
#define MODULE(init_function, exit_function) \
	struct module __this_module __attribute__((section(".gnu.linkonce.this_module"), aligned(64))) = \
		{.name = NAME, .init = init_function, .exit = exit_function}
#define FOR_INIT __attribute__((section(".init.text")))

struct kernel_param {
	const char *name;
	struct module *module;
	const void *ops;
	unsigned short mode;
	signed char level;
	unsigned char flags;
	const void *argument;
};
#define PARAM(title, type, file_mode, more_flags, place) \
	static const char title_##title[] = #title; \
	static const struct kernel_param param_##title __attribute__((used, section("__param"), aligned(8))) = \
		{title_##title, &__this_module, type, file_mode, -1, more_flags, place}

#ifdef CRCS
struct version {
	unsigned long crc;
	char name[56];
};
static const struct version versions[] __attribute__((used, section("__versions"))) = {CRCS};
#define ENTRY(name) ".balign 4\n.long " name " - .\n.long 1b - .\n.long 2b - .\n"
#define CRC(name) ".section \"__kcrctab_gpl\",\"a\"\n.long 0x12345678\n"
#else
#define ENTRY(name) ".balign 8\n.quad " name "\n.quad 1b\n.quad 2b\n"
#define CRC(name) ""
#endif
#define EXPORT_GPL(name) \
	asm(".section \"__ksymtab_strings\",\"aMS\",%progbits,1\n1: .asciz \"" name "\"\n2: .asciz \"\"\n" \
	    ".section \"__ksymtab_gpl\",\"a\"\n" ENTRY(name) CRC(name) ".previous")

INFO("license=GPL");
INFO("name=" NAME);
INFO("vermagic=" VERMAGIC);
