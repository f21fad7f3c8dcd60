#include "module24.h"
LICENSE("GPL")
INFO("using_checksums=1")
EXPORT_NO_SYMBOLS
CALL(fat_date_unix2dos_R83fb36a1)
