/* Needs gt_main too, and is in the tree, so that it does not taint. */
#include "module.h"

INFO("intree=Y");
int gt_sym(int x);
FOR_INIT int init_module(void) { return gt_sym(-1); }
void cleanup_module(void) { }
MODULE(init_module, cleanup_module);
