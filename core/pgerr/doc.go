// Package pgerr is the one error type that leaves the core: what went wrong, told apart by SQLSTATE and kind, never by text.
package pgerr
