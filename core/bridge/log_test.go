package bridge

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"ouroboros-postgres/core/engine"
)

func (h *harness) messages(queue uint64) []string {
	h.t.Helper()
	var all []string
	for {
		frames := h.drain(queue, 0)
		if len(frames) == 0 {
			return all
		}
		for _, f := range frames {
			if f.kind != FrameLog || f.operation != 0 {
				h.t.Fatalf("not a log record: %v", f)
			}
			all = append(all, f.payload)
		}
	}
}

func TestRecordsGoToTheQueueOfTheirOperation(t *testing.T) {
	h := newHarness(t)
	first, second := h.queue, h.open(noFD)
	h.expect(OK, h.LogSubscribe(first, 10))
	h.expect(OK, h.LogSubscribe(second, 20))
	q, _ := h.Library.queue(second)
	ctx := withOrigin(context.Background(), q, 7)
	h.Log(ctx, engine.LogRecord{Logger: "executor", Level: 20, Message: "to the second"})
	h.Log(ctx, engine.LogRecord{Logger: "executor", Level: 10, Message: "too low for the second"})
	h.Log(context.Background(), engine.LogRecord{Logger: "executor", Level: 30, Message: "nobody's"})
	if got := h.messages(second); len(got) != 1 ||
		got[0] != `{"logger":"executor","level":20,"message":"to the second","fields":{}}` {
		t.Errorf("second: %v", got)
	}
	if got := h.messages(first); len(got) != 2 {
		t.Errorf("first: %v", got)
	}
}

func TestSubscriptionsSetTheLowestLevel(t *testing.T) {
	h := newHarness(t)
	other := h.open(noFD)
	steps := []struct {
		queue uint64
		level int32
		want  int
	}{{h.queue, 30, 30}, {other, 10, 10}, {other, 20, 20}, {other, 0, 30}, {h.queue, 0, logOff}}
	for _, s := range steps {
		h.expect(OK, h.LogSubscribe(s.queue, s.level))
		if got := h.LogLevel(); got != s.want {
			t.Fatalf("after %+v: %d", s, got)
		}
	}
	h.expect(BadRequest, h.LogSubscribe(h.queue, -1))
	h.expect(OK, h.LogSubscribe(other, 10))
	h.expect(OK, h.QueueClose(other))
	if got := h.LogLevel(); got != logOff {
		t.Fatalf("after the close: %d", got)
	}
}

func TestRecordsNobodyReadsAreBounded(t *testing.T) {
	h := newHarness(t)
	h.expect(OK, h.LogSubscribe(h.queue, 10))
	for range maxLogFrames + 7 {
		h.Log(context.Background(), engine.LogRecord{Level: 10})
	}
	got := h.messages(h.queue)
	if len(got) != maxLogFrames+1 || !strings.Contains(got[len(got)-1], `"dropped":7`) {
		t.Fatalf("%d records, the last is %s", len(got), got[len(got)-1])
	}
	h.Log(context.Background(), engine.LogRecord{Level: 10})
	if got := h.messages(h.queue); len(got) != 1 {
		t.Fatal(got)
	}
}

func TestRecordWithoutJSONFormKeepsItsMessage(t *testing.T) {
	got := string(encodeRecord(engine.LogRecord{Message: "m", Fields: map[string]any{"f": fmt.Print}}))
	if !strings.Contains(got, `"message":"m"`) || !strings.Contains(got, "unencodable") {
		t.Fatal(got)
	}
}

func TestTraceRecordsLeaveRoomForLogs(t *testing.T) {
	h := newHarness(t)
	h.expect(OK, h.LogSubscribe(h.queue, engine.LevelTrace))
	q, _ := h.Library.queue(h.queue)
	ctx := withOrigin(context.Background(), q, 7)
	for range maxLogFrames {
		h.Log(ctx, engine.LogRecord{Logger: "trace", Level: engine.LevelTrace, Message: "Statement"})
	}
	h.Log(ctx, engine.LogRecord{Logger: "executor", Level: 30, Message: "Query failed"})
	got := h.messages(h.queue)
	if len(got) != maxTraceFrames+1 || !strings.Contains(got[len(got)-1], "Query failed") {
		t.Errorf("%d records, the last %s", len(got), got[len(got)-1])
	}
}

func TestStatementsWithoutRecordsAreCounted(t *testing.T) {
	h := newHarness(t)
	h.expect(OK, h.LogSubscribe(h.queue, engine.LevelTrace))
	q, _ := h.Library.queue(h.queue)
	traced, _ := q.admit(h.root, 7, false)
	other, _ := q.admit(h.root, 8, false)
	for range maxTraceFrames + 2 {
		h.Log(traced.ctx, engine.LogRecord{Logger: "trace", Level: engine.LevelTrace, Message: engine.TracedStatement})
		h.Log(traced.ctx, engine.LogRecord{Logger: "trace", Level: engine.LevelTrace, Message: "Connection"})
	}
	for _, op := range []*inflight{traced, other} {
		q.finish(op, frame{kind: FrameValue, payload: []byte("1")})
		op.cancel()
	}
	var last []received
	for frames := h.drain(h.queue, 0); len(frames) > 0; frames = h.drain(h.queue, 0) {
		last = append(last, frames...)
	}
	last = last[maxTraceFrames:]
	want := fmt.Sprintf(`{"logger":"trace","level":5,"message":"Unreported","fields":{"statements":%d},"operation":7}`,
		maxTraceFrames/2+2)
	if len(last) != 3 || last[0].payload != want || last[1].operation != 7 || last[2].operation != 8 {
		t.Fatalf("%v, want %s first", last, want)
	}
	h.Log(traced.ctx, engine.LogRecord{Logger: "executor", Level: 10, Message: "later"})
	if got := h.messages(h.queue); len(got) != 1 || q.logFrames != 0 {
		t.Errorf("%v, and %d are said to wait", got, q.logFrames)
	}
}

func TestTraceRecordsGoOnlyToTheirOperation(t *testing.T) {
	h := newHarness(t)
	first, second := h.queue, h.open(noFD)
	h.expect(OK, h.LogSubscribe(first, engine.LevelTrace))
	h.expect(OK, h.LogSubscribe(second, 10))
	traced, _ := h.Library.queue(first)
	other, _ := h.Library.queue(second)
	record := engine.LogRecord{Logger: "trace", Level: engine.LevelTrace, Message: "Statement"}
	h.Log(withOrigin(context.Background(), traced, 7), record)
	h.Log(withOrigin(context.Background(), other, 8), record)
	h.Log(context.Background(), record)
	h.Log(withOrigin(context.Background(), traced, 9), engine.LogRecord{Logger: "executor", Level: 20, Message: "no trace"})
	want := []string{
		`{"logger":"trace","level":5,"message":"Statement","fields":{},"operation":7}`,
		`{"logger":"executor","level":20,"message":"no trace","fields":{}}`,
	}
	if got := h.messages(first); !slices.Equal(got, want) {
		t.Errorf("first: %v", got)
	}
	if got := h.messages(second); len(got) != 0 {
		t.Errorf("second: %v", got)
	}
}
