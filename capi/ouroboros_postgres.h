/* The C ABI of ouroboros_postgres. Written by hand: this header is the contract, the Go side is checked against it.
 *
 * Every function returns a status (OB_OK = 0) unless it says otherwise. What the database says is never a status: it
 * arrives as a frame. All functions may be called from any thread at any time. Pointers passed in are borrowed for the
 * call. No function waits for a server except ob_queue_wait and ob_shutdown, which are bounded by their argument.
 */
#ifndef OUROBOROS_POSTGRES_H
#define OUROBOROS_POSTGRES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OB_ABI_MAJOR 1
#define OB_ABI_MINOR 1

/* Statuses. Since 1.0. */
#define OB_OK 0
#define OB_BAD_HANDLE 1  /* never issued, or already released */
#define OB_WRONG_KIND 2  /* a handle of another kind than the call or the operation takes */
#define OB_BAD_REQUEST 3 /* a null pointer, an unusable length, or a request that is not a JSON object */
#define OB_CLOSED 4      /* the queue is closed, or the library is shut down */
#define OB_TIMEOUT 5     /* ob_queue_wait: nothing arrived in time; ob_shutdown: something was still busy */
#define OB_NO_MEMORY 6
#define OB_PANIC 7       /* a bug in the library was stopped at this call; details went to the log subscribers */
#define OB_DUPLICATE 8   /* ob_submit: this operation id is in flight on this queue */
#define OB_TOO_LARGE 9   /* the request is longer than OB_MAX_REQUEST */

#define OB_MAX_REQUEST (1ULL << 30)

/* A frame in a drained buffer: this header, little-endian, then `length` payload bytes, no padding. Since 1.0. */
#define OB_FRAME_HEADER 24
typedef struct {
    uint64_t operation; /* the id given to ob_submit; 0 for log records and for ob_call */
    uint32_t kind;      /* OB_FRAME_* */
    uint32_t reserved;  /* 0 */
    uint64_t length;
} ob_frame;

#define OB_FRAME_VALUE 0  /* any JSON value */
#define OB_FRAME_ROWS 1   /* a result set, docs/reference/payloads.md */
#define OB_FRAME_ERROR 2  /* an error object */
#define OB_FRAME_HANDLE 3 /* {"handle": n, ...}: the receiver owns the handle */
#define OB_FRAME_LOG 4    /* a log record, operation 0 */

/* A buffer owned by the caller after OB_OK; give it to ob_buf_free. data is NULL when len is 0. Since 1.0. */
typedef struct {
    uint8_t *data;
    uint64_t len;
} ob_buf;

/* (major << 16) | minor. A loader refuses another major. Since 1.0. */
uint32_t ob_abi_version(void);

/* A static text: version, Go version, revision. Never freed. Since 1.0. */
const char *ob_build_info(void);

/* A flag of ob_queue_open: wake_fd is an epoll instance. Since 1.1. */
#define OB_QUEUE_EPOLL 1

/* Opens a completion queue. wake_fd (an eventfd, or the writing end of a socket or pipe; -1 for none) is duplicated:
 * the caller keeps its own. It is written to (8 bytes, the number 1) when the queue goes from drained to non-empty.
 * flags is 0 or OB_QUEUE_EPOLL (Linux): then the caller watches the instance, which is the queue's alone and needs no
 * reading, and drains when it becomes readable; answers that arrive meanwhile are read within the drain. Since 1.0. */
int32_t ob_queue_open(int64_t wake_fd, uint32_t flags, uint64_t *queue);

/* Takes finished frames, at most max_frames (0: 256) and about 1 MiB, in one allocation. Never blocks; no frame is
 * OB_OK with len 0. When frames are left behind, the wake fd is written again. Read the fd before the drain. Since 1.0. */
int32_t ob_queue_drain(uint64_t queue, uint32_t max_frames, ob_buf *out);

/* Blocks until a frame is there (OB_OK), the time is over (OB_TIMEOUT; negative: for ever) or the queue is closed
 * (OB_CLOSED). For event loops without readers and for synchronous callers. Since 1.0. */
int32_t ob_queue_wait(uint64_t queue, int64_t timeout_ms);

/* Cancels the operations of the queue, drops its frames (handles in them are released) and closes the duplicated fd.
 * The queue handle is gone. Since 1.0. */
int32_t ob_queue_close(uint64_t queue);

/* Starts an operation. operation (not 0) is chosen by the caller, unique among those in flight on the queue. target is
 * the handle that the operation works on, 0 for those that need none. The request is copied. Exactly one frame with
 * this id follows, unless the operation is cancelled or the queue closed. Since 1.0. */
int32_t ob_submit(uint64_t queue, uint64_t operation, uint64_t target, const uint8_t *request, uint64_t length);

/* Cancels: no frame with this id follows, the server is told, and what the operation would have returned is disposed
 * of. OB_BAD_HANDLE when the operation is not in flight (its frame may be on its way: the caller drops it). Since 1.0. */
int32_t ob_cancel(uint64_t queue, uint64_t operation);

/* A function that asks no server; answers at once with one frame (VALUE or ERROR) in out. Since 1.0. */
int32_t ob_call(uint64_t target, const uint8_t *request, uint64_t length, ob_buf *out);

/* Gives a pool, transaction, cursor or listener back. An open transaction is rolled back, a pool closed, in the
 * background. A second release is OB_BAD_HANDLE. Since 1.0. */
int32_t ob_release(uint64_t handle);

/* Frees what a call put into buf and empties it; an empty buffer is fine. Since 1.0. */
void ob_buf_free(ob_buf *buf);

/* Sends log records of at least this level (Python's numbers: 10 debug, 20 info, 30 warning; 0: none) to the queue.
 * Since 1.0. */
int32_t ob_log_subscribe(uint64_t queue, int32_t level);

/* Refuses new work, cancels what runs, closes all pools and queues, waits at most grace_ms. Final. Since 1.0. */
int32_t ob_shutdown(uint32_t grace_ms);

/* One JSON object: queues, pools, transactions, cursors, operations, buffers, goroutines. Since 1.0. */
int32_t ob_counters(ob_buf *out);

#ifdef OB_FAULT_INJECTION
/* Only in libraries built with the tag `fault`: makes the next matching call fail. Request:
 * {"fault": "panic_export" | "panic_goroutine" | "delay" | "no_memory", "ms": n}. Since 1.0. */
int32_t ob_debug_fault(const uint8_t *request, uint64_t length);
#endif

#ifdef __cplusplus
}
#endif

#endif
