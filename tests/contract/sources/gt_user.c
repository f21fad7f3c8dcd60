/* Needs gt_main. */
#include "module.h"

int gt_sym(int x);
FOR_INIT int init_module(void) { return gt_sym(-1); }
void cleanup_module(void) { }
MODULE(init_module, cleanup_module);
