//go:build fault

package bridge

import (
	"context"
	"sync/atomic"
	"time"
)

// faults holds what the next matching call will meet.
type faults struct {
	panicExport    atomic.Bool
	panicGoroutine atomic.Bool
	noMemory       atomic.Bool
	delay          atomic.Int64
}

func (f *faults) export() {
	if f.panicExport.CompareAndSwap(true, false) {
		panic("injected into an export")
	}
}

func (f *faults) operation(ctx context.Context) {
	if f.panicGoroutine.CompareAndSwap(true, false) {
		panic("injected into an operation")
	}
	if ms := f.delay.Swap(0); ms > 0 {
		timer := time.NewTimer(time.Duration(ms) * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}

// armed tells whether the next operation meets a fault, which is meant for a goroutine.
func (f *faults) armed() bool { return f.panicGoroutine.Load() || f.delay.Load() > 0 }

func (f *faults) memory() bool {
	return f.noMemory.CompareAndSwap(true, false)
}

// InjectFault arms one fault.
func (l *Library) InjectFault(request []byte) Status {
	var fault struct {
		Fault string `json:"fault"`
		MS    int64  `json:"ms"`
	}
	if decode(request, &fault) != nil {
		return BadRequest
	}
	switch fault.Fault {
	case "panic_export":
		l.faults.panicExport.Store(true)
	case "panic_goroutine":
		l.faults.panicGoroutine.Store(true)
	case "no_memory":
		l.faults.noMemory.Store(true)
	case "delay":
		l.faults.delay.Store(fault.MS)
	default:
		return BadRequest
	}
	return OK
}
