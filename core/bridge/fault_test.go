//go:build fault

package bridge

import (
	"context"
	"testing"
)

func TestInjectedFaultsHitOnce(t *testing.T) {
	h := newHarness(t)
	h.define("quick", func(context.Context) (reply, error) { return reply{value: 1}, nil })
	nothing := func() Status { return OK }

	h.expect(OK, h.InjectFault([]byte(`{"fault":"panic_export"}`)))
	h.expect(Panic, h.Guard("ob_test", nothing))
	h.expect(OK, h.Guard("ob_test", nothing))

	h.expect(OK, h.InjectFault([]byte(`{"fault":"panic_goroutine"}`)))
	h.submit(1, "quick")
	if f := h.next()[0]; errorKind(t, f) != "internal" {
		t.Fatal(f)
	}
	h.submit(1, "quick")
	if f := h.next()[0]; f.kind != FrameValue {
		t.Fatal(f)
	}

	h.expect(OK, h.InjectFault([]byte(`{"fault":"no_memory"}`)))
	if !h.MemoryDenied() || h.MemoryDenied() {
		t.Fatal("memory must be denied once")
	}
	h.expect(BadRequest, h.InjectFault([]byte(`{"fault":"none such"}`)))
	h.expect(BadRequest, h.InjectFault([]byte(`garbage`)))
}

func TestInjectedDelayEndsWithTheOperation(t *testing.T) {
	h := newHarness(t)
	h.define("quick", func(context.Context) (reply, error) { return reply{value: 1}, nil })
	h.expect(OK, h.InjectFault([]byte(`{"fault":"delay","ms":3600000}`)))
	h.submit(1, "quick")
	h.expect(OK, h.Cancel(h.queue, 1))
	h.settle()
}
