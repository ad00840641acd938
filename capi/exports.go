package main

/*
#include "abi.h"
*/
import "C"

import "ouroboros-postgres/core/bridge"

// guard runs an export behind the recover barrier.
func guard(name string, fn func() bridge.Status) C.int32_t {
	return C.int32_t(library.Guard(name, fn))
}

// answer is guard for exports that fill a buffer, which starts out empty.
func answer(name string, out *C.ob_buf, fn func() bridge.Status) C.int32_t {
	return guard(name, func() bridge.Status {
		if out == nil {
			return bridge.BadRequest
		}
		out.data, out.len = nil, 0
		return fn()
	})
}

//export ob_queue_open
func ob_queue_open(wake_fd C.int64_t, flags C.uint32_t, queue *C.uint64_t) C.int32_t {
	return guard("ob_queue_open", func() bridge.Status {
		if queue == nil {
			return bridge.BadRequest
		}
		handle, status := library.QueueOpen(int64(wake_fd), uint32(flags))
		*queue = C.uint64_t(handle)
		return status
	})
}

//export ob_queue_drain
func ob_queue_drain(queue C.uint64_t, max_frames C.uint32_t, out *C.ob_buf) C.int32_t {
	return answer("ob_queue_drain", out, func() bridge.Status {
		return library.QueueDrain(uint64(queue), uint32(max_frames), filler(out))
	})
}

//export ob_queue_wait
func ob_queue_wait(queue C.uint64_t, timeout_ms C.int64_t) C.int32_t {
	return guard("ob_queue_wait", func() bridge.Status {
		return library.QueueWait(uint64(queue), int64(timeout_ms))
	})
}

//export ob_queue_close
func ob_queue_close(queue C.uint64_t) C.int32_t {
	return guard("ob_queue_close", func() bridge.Status {
		return library.QueueClose(uint64(queue))
	})
}

//export ob_submit
func ob_submit(queue, operation, target C.uint64_t, request *C.ob_const_bytes, length C.uint64_t) C.int32_t {
	return guard("ob_submit", func() bridge.Status {
		copied, status := borrow(request, length)
		if status != bridge.OK {
			return status
		}
		return library.Submit(uint64(queue), uint64(operation), uint64(target), copied)
	})
}

//export ob_cancel
func ob_cancel(queue, operation C.uint64_t) C.int32_t {
	return guard("ob_cancel", func() bridge.Status {
		return library.Cancel(uint64(queue), uint64(operation))
	})
}

//export ob_call
func ob_call(target C.uint64_t, request *C.ob_const_bytes, length C.uint64_t, out *C.ob_buf) C.int32_t {
	return answer("ob_call", out, func() bridge.Status {
		copied, status := borrow(request, length)
		if status != bridge.OK {
			return status
		}
		return library.Call(uint64(target), copied, filler(out))
	})
}

//export ob_release
func ob_release(handle C.uint64_t) C.int32_t {
	return guard("ob_release", func() bridge.Status {
		return library.Release(uint64(handle))
	})
}

//export ob_log_subscribe
func ob_log_subscribe(queue C.uint64_t, level C.int32_t) C.int32_t {
	return guard("ob_log_subscribe", func() bridge.Status {
		return library.LogSubscribe(uint64(queue), int32(level))
	})
}

//export ob_shutdown
func ob_shutdown(grace_ms C.uint32_t) C.int32_t {
	return guard("ob_shutdown", func() bridge.Status {
		return library.Shutdown(uint32(grace_ms))
	})
}

//export ob_counters
func ob_counters(out *C.ob_buf) C.int32_t {
	return answer("ob_counters", out, func() bridge.Status {
		return library.Counters(filler(out))
	})
}
