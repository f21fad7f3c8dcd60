/* Preloaded into kmod's tools: its configuration directories and /proc/cmdline are looked for under $REDIRECT. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *moved(const char *path, char *buffer)
{
	const char *root = getenv("REDIRECT");

	if (!root || path[0] != '/' || !strncmp(path, root, strlen(root)))
		return path;
	if (strcmp(path, "/proc/cmdline") && !strstr(path, "/modprobe.d") && !strstr(path, "/depmod.d"))
		return path;
	snprintf(buffer, PATH_MAX, "%s%s", root, path);
	return buffer;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define OPEN(name)                                                   \
	int name(const char *path, int flags, ...)                   \
	{                                                            \
		char buffer[PATH_MAX];                               \
		va_list rest;                                        \
		mode_t mode;                                         \
		va_start(rest, flags);                               \
		mode = va_arg(rest, mode_t);                         \
		va_end(rest);                                        \
		return REAL(name)(moved(path, buffer), flags, mode); \
	}

OPEN(open)
OPEN(open64)

int stat(const char *path, struct stat *result)
{
	char buffer[PATH_MAX];
	return REAL(stat)(moved(path, buffer), result);
}

int stat64(const char *path, struct stat64 *result)
{
	char buffer[PATH_MAX];
	return REAL(stat64)(moved(path, buffer), result);
}

DIR *opendir(const char *path)
{
	char buffer[PATH_MAX];
	return REAL(opendir)(moved(path, buffer));
}
