#include "module24.h"
LICENSE("GPL")
EXPORT_NO_SYMBOLS
SIMULATE("filesystem", "vfat", "")
CALL(register_filesystem)
CALL(fat_read_super)
CALL(fat_put_super)
