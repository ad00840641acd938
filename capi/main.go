package main

/*
#cgo CFLAGS: -Wall -Wextra -Werror
#include "abi.h"
*/
import "C"

import (
	"ouroboros-postgres/core/bridge"
)

// library is the one instance behind the exported functions, which have no other way to find it.
var library = bridge.New()

func main() {} // required by -buildmode=c-shared, never called
