#include "library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    ob_library functions;
    char *path;
    pid_t pid;
} loaded;

static bool resolve(void *object, ob_library *functions) {
#define X(name)                                             \
    *(void **)(&functions->name) = dlsym(object, "ob_" #name); \
    if (functions->name == NULL) {                          \
        return false;                                       \
    }
    OB_FUNCTIONS(X)
#undef X
    return true;
}

static void describe(char *reason, size_t size) {
    const char *text = dlerror();
    snprintf(reason, size, "%s", text != NULL ? text : "unknown error of the dynamic linker");
}

ob_load_result ob_library_load(const char *path, char *reason, size_t size) {
    ob_library functions;
    if (ob_library_loaded()) {
        snprintf(reason, size, "%s", loaded.path);
        return strcmp(path, loaded.path) == 0 ? OB_LOAD_DONE : OB_LOAD_OTHER;
    }
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (object == NULL || !resolve(object, &functions)) {
        describe(reason, size);
        return OB_LOAD_FAILED;
    }
    uint32_t version = functions.abi_version();
    if (version >> 16 != OB_ABI_MAJOR) {
        snprintf(reason, size, "%u.%u", version >> 16, version & 0xFFFF);
        return OB_LOAD_ABI;
    }
    char *copy = strdup(path);
    if (copy == NULL) {
        snprintf(reason, size, "out of memory");
        return OB_LOAD_FAILED;
    }
    loaded.functions = functions;
    loaded.path = copy;
    loaded.pid = getpid();
    return OB_LOAD_DONE;
}

bool ob_library_loaded(void) { return loaded.path != NULL; }

bool ob_library_forked(void) { return ob_library_loaded() && loaded.pid != getpid(); }

const ob_library *ob_library_get(void) { return ob_library_loaded() ? &loaded.functions : NULL; }
