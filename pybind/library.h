/* The Go library: loaded once per process and never unloaded, because the Go runtime cannot be stopped. */
#ifndef OUROBOROS_POSTGRES_LIBRARY_H
#define OUROBOROS_POSTGRES_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "ouroboros_postgres.h"

#define OB_FUNCTIONS(X) \
    X(abi_version)      \
    X(build_info)       \
    X(queue_open)       \
    X(queue_drain)      \
    X(queue_wait)       \
    X(queue_close)      \
    X(submit)           \
    X(cancel)           \
    X(call)             \
    X(release)          \
    X(buf_free)         \
    X(log_subscribe)    \
    X(shutdown)         \
    X(counters)

/* The functions of the header, under their names without the prefix. */
typedef struct {
#define X(name) __typeof__(&ob_##name) name;
    OB_FUNCTIONS(X)
#undef X
} ob_library;

typedef enum {
    OB_LOAD_DONE,
    OB_LOAD_OTHER,  /* another file is loaded already */
    OB_LOAD_FAILED, /* the dynamic linker refused, or a function is missing */
    OB_LOAD_ABI,    /* the file is of another major version */
} ob_load_result;

/* Loads the file. On failure, reason (of `size` bytes) says why. The caller holds the GIL, which makes this safe. */
ob_load_result ob_library_load(const char *path, char *reason, size_t size);

bool ob_library_loaded(void);

/* True in a child that was forked after the load: its Go runtime has no threads and would hang. */
bool ob_library_forked(void);

/* The functions, or NULL before the load. */
const ob_library *ob_library_get(void);

#endif
