//go:build fault

package main

/*
#cgo CFLAGS: -DOB_FAULT_INJECTION
#include "abi.h"
*/
import "C"

// ob_debug_fault stands outside the barrier that it makes fail.
//
//export ob_debug_fault
func ob_debug_fault(request *C.ob_const_bytes, length C.uint64_t) C.int32_t {
	defer library.Contain("ob_debug_fault")
	copied, status := borrow(request, length)
	if status == 0 {
		status = library.InjectFault(copied)
	}
	return C.int32_t(status)
}
