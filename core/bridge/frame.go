package bridge

import "encoding/binary"

// FrameKind tells what a frame's payload is; the values are those of the header.
type FrameKind uint32

const (
	FrameValue FrameKind = iota
	FrameRows
	FrameError
	FrameHandle
	FrameLog
)

// frameHeader is the length of a frame without its payload.
const frameHeader = 24

// Bounds of one drain.
const (
	defaultFrames = 256
	maxBatchBytes = 1 << 20
)

type frame struct {
	operation uint64
	kind      FrameKind
	payload   []byte
	// drop, when set, disposes of what the payload refers to if nobody receives it.
	drop func()
}

func (f *frame) size() int {
	return frameHeader + len(f.payload)
}

// put writes the frame to the start of dst and returns the rest of dst.
func (f *frame) put(dst []byte) []byte {
	binary.LittleEndian.PutUint64(dst, f.operation)
	binary.LittleEndian.PutUint32(dst[8:], uint32(f.kind))
	binary.LittleEndian.PutUint32(dst[12:], 0)
	binary.LittleEndian.PutUint64(dst[16:], uint64(len(f.payload)))
	copy(dst[frameHeader:], f.payload)
	return dst[f.size():]
}

func dropAll(frames []frame) {
	for i := range frames {
		if frames[i].drop != nil {
			frames[i].drop()
		}
	}
}

// batch returns how many of the leading frames fit into one drain, and their total size. A single frame always fits.
func batch(frames []frame, limit int) (n, size int) {
	for n < len(frames) && n < limit {
		next := size + frames[n].size()
		if n > 0 && next > maxBatchBytes {
			break
		}
		size = next
		n++
	}
	return n, size
}
