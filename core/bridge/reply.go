package bridge

import (
	"strconv"

	"github.com/goccy/go-json"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

// encode is the one JSON encoder of payloads. (The library's MarshalNoEscape is something else: it hides the value from
// escape analysis, which corrupts the heap when an encoding fails.)
func encode(value any) ([]byte, error) {
	return json.MarshalWithOption(value, json.DisableHTMLEscape())
}

// reply is the outcome of an operation: a handle, a result set or any JSON value.
type reply struct {
	handle uint64
	rows   *wire.Result
	value  any
}

// frame encodes the outcome of an operation.
func (l *Library) frame(r reply, err error) frame {
	switch {
	case err != nil:
		return errorFrame(err)
	case r.handle != 0:
		return l.handleFrame(r.handle)
	case r.rows != nil:
		return rowsFrame(r.rows)
	default:
		return valueFrame(r.value)
	}
}

func (l *Library) handleFrame(handle uint64) frame {
	payload := strconv.AppendUint([]byte(`{"handle":`), handle, 10)
	return frame{
		kind:    FrameHandle,
		payload: append(payload, '}'),
		drop:    func() { l.Release(handle) },
	}
}

// rowsOverhead is more than what a result set adds to its columns and rows.
const rowsOverhead = 64

func rowsFrame(rows *wire.Result) frame {
	size := len(rows.Columns) + len(rows.Rows) + len(rows.Tag) + rowsOverhead
	return frame{kind: FrameRows, payload: rows.AppendPayload(make([]byte, 0, size))}
}

func valueFrame(value any) frame {
	payload, err := encode(value)
	if err != nil {
		return errorFrame(pgerr.Wrap(err, pgerr.Internal, "The answer cannot be encoded: %v", err))
	}
	return frame{kind: FrameValue, payload: payload}
}

func errorFrame(err error) frame {
	payload, encodeErr := encode(pgerr.From(err))
	if encodeErr != nil {
		payload = []byte(`{"kind":"internal","message":"The error cannot be encoded"}`)
	}
	return frame{kind: FrameError, payload: payload}
}
