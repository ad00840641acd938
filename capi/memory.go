package main

/*
#include <stdlib.h>
#include "abi.h"
*/
import "C"

import (
	"unsafe"

	"ouroboros-postgres/core/bridge"
)

// borrow checks and copies a request. The caller's memory is not used after the call.
func borrow(request *C.ob_const_bytes, length C.uint64_t) ([]byte, bridge.Status) {
	if length > bridge.MaxRequest {
		return nil, bridge.TooLarge
	}
	if request == nil || length == 0 {
		return nil, bridge.BadRequest
	}
	// C.GoBytes cannot be told more than an int32, which MaxRequest fits into.
	return C.GoBytes(unsafe.Pointer(request), C.int(length)), bridge.OK
}

// filler returns an allocator that puts one buffer into out.
func filler(out *C.ob_buf) func(size int) []byte {
	return func(size int) []byte {
		if library.MemoryDenied() {
			return nil
		}
		data := C.malloc(C.size_t(size))
		if data == nil {
			return nil
		}
		library.BufferAllocated()
		out.data, out.len = (*C.uint8_t)(data), C.uint64_t(size)
		return unsafe.Slice((*byte)(data), size)
	}
}

//export ob_buf_free
func ob_buf_free(buf *C.ob_buf) {
	defer library.Contain("ob_buf_free")
	if buf == nil || buf.data == nil {
		return
	}
	C.free(unsafe.Pointer(buf.data))
	buf.data, buf.len = nil, 0
	library.BufferFreed()
}
