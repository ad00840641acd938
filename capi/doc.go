// Package main is the C ABI: one exported function for each of ouroboros_postgres.h, the only cgo of the module. It
// checks pointers and lengths, owns the memory that callers get, and leaves everything else to core/bridge.
package main
