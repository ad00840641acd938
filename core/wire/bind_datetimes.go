package wire

import (
	"encoding/binary"
	"time"
)

// appendDatetimes writes a list of datetimes as a binary array, of which the server needs a fraction of the time that it
// takes to read their texts. ok is false where only the texts will do.
func appendDatetimes(dst []byte, a *Arg, t *Type) (_ []byte, ok bool) {
	if a.Kind != List || t == nil || t.Class != Array || t.Elem == nil || len(a.List) == 0 {
		return dst, false
	}
	var kind ArgKind
	switch t.Elem.OID {
	case oidTimestampTZ:
		kind = TimestampTZ
	case oidTimestamp:
		kind = Timestamp
	default:
		return dst, false
	}
	const dimensions, hasNull, lowerBound, null, size = 1, 1, 1, 1<<32 - 1, 8
	out := dst
	for _, n := range [...]uint32{dimensions, hasNull, t.Elem.OID, uint32(len(a.List)), lowerBound} { //nolint:gosec // a request is shorter
		out = binary.BigEndian.AppendUint32(out, n)
	}
	for i := range a.List {
		switch item := &a.List[i]; item.Kind {
		case Null:
			out = binary.BigEndian.AppendUint32(out, null)
		case kind:
			micros, ok := sinceServerEpoch(item)
			if !ok {
				return dst, false
			}
			out = binary.BigEndian.AppendUint32(out, size)
			out = binary.BigEndian.AppendUint64(out, uint64(micros)) //nolint:gosec // two's complement
		default:
			return dst, false
		}
	}
	return out, true
}

// sinceServerEpoch is what a datetime is in microseconds since the beginning of 2000, if it is a valid one to the microsecond.
func sinceServerEpoch(a *Arg) (micros int64, ok bool) {
	text := a.Text
	if a.Kind == Timestamp {
		text += "Z"
	}
	at, err := time.Parse(time.RFC3339, text)
	return at.UnixMicro() - serverEpoch, err == nil && at.Nanosecond()%1000 == 0
}
