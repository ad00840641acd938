package main

/*
#include "abi.h"
*/
import "C"

import "runtime"

// version and revision are set by the build.
var (
	version  = "unknown"
	revision = "unknown"
)

// buildInfo is never freed: the header promises a static text.
var buildInfo = (*C.ob_const_char)(C.CString(describeBuild()))

func describeBuild() string {
	return "ouroboros_postgres " + version + ", " + runtime.Version() + ", revision " + revision
}

//export ob_abi_version
func ob_abi_version() C.uint32_t {
	defer library.Contain("ob_abi_version") //nolint:gocritic // every export has the barrier, needed or not
	return C.OB_ABI_MAJOR<<16 | C.OB_ABI_MINOR
}

//export ob_build_info
func ob_build_info() *C.ob_const_char {
	defer library.Contain("ob_build_info")
	return buildInfo
}
