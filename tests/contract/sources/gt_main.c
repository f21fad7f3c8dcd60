/* Every common type of parameter, and an init that returns what it is told. */
#include "module.h"

extern const char param_ops_int[], param_ops_uint[], param_ops_short[], param_ops_ushort[], param_ops_byte[],
	param_ops_ulong[], param_ops_ullong[], param_ops_bool[], param_ops_invbool[], param_ops_charp[],
	param_ops_string[], param_array_ops[];
static int pint, ret, delay_ms, unsafe_p, parr[4];
static unsigned int puint, parrn;
static short pshort;
static unsigned short pushort;
static unsigned char pbyte, pbool, pinvbool;
static unsigned long pulong;
static unsigned long long pullong;
static char *pcharp = "dflt";
static char pstr[8];
static const struct { unsigned int length; char *string; } string = {sizeof(pstr), pstr};
static const struct { unsigned int most, size; unsigned int *number; const void *ops; void *elements; }
	array = {4, sizeof(int), &parrn, param_ops_int, parr};
PARAM(pint, param_ops_int, 0644, 0, &pint);
PARAM(puint, param_ops_uint, 0644, 0, &puint);
PARAM(pshort, param_ops_short, 0644, 0, &pshort);
PARAM(pushort, param_ops_ushort, 0644, 0, &pushort);
PARAM(pbyte, param_ops_byte, 0644, 0, &pbyte);
PARAM(pulong, param_ops_ulong, 0644, 0, &pulong);
PARAM(pullong, param_ops_ullong, 0644, 0, &pullong);
PARAM(pbool, param_ops_bool, 0644, 0, &pbool);
PARAM(pinvbool, param_ops_invbool, 0644, 0, &pinvbool);
PARAM(pcharp, param_ops_charp, 0444, 0, &pcharp);
PARAM(pstr, param_ops_string, 0444, 0, &string);
PARAM(parr, param_array_ops, 0444, 0, &array);
PARAM(ret, param_ops_int, 0, 0, &ret);
PARAM(delay_ms, param_ops_int, 0, 0, &delay_ms);
PARAM(unsafe_p, param_ops_int, 0444, 1, &unsafe_p);

int gt_sym(int x) { return x + 1; }
EXPORT_GPL("gt_sym");

FOR_INIT int init_module(void) { return ret; }
void cleanup_module(void) { }
MODULE(init_module, cleanup_module);
