//go:build !fault

package bridge

import "context"

// faults does nothing in a library without fault injection.
type faults struct{}

func (*faults) export()                   {}
func (*faults) operation(context.Context) {}
func (*faults) memory() bool              { return false }
func (*faults) armed() bool               { return false }
