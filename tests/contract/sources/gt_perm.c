/* Has an init and no exit. */
#include "module.h"

INFO("intree=Y");
FOR_INIT int init_module(void) { return 0; }
MODULE(init_module, 0);
