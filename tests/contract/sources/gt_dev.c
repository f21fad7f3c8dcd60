/* A device: misc, minor 241 (include/linux/miscdevice.h, fs.h). Who has it open holds the module. */
#include "module.h"

INFO("intree=Y");
INFO("alias=char-major-10-241");
static struct { struct module *owner; void *functions[80]; } operations = {&__this_module};
static struct { int minor; const char *name; const void *operations; void *more[16]; } device = {241, NAME, &operations};
int misc_register(void *);
void misc_deregister(void *);
FOR_INIT int init_module(void) { return misc_register(&device); }
void cleanup_module(void) { misc_deregister(&device); }
MODULE(init_module, cleanup_module);
