package engine

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// subBuckets per power of two bound the error of a quantile to 1/16.
const (
	subBits    = 4
	subBuckets = 1 << subBits
)

// histogram counts durations in microseconds in buckets of log-linear width.
type histogram struct {
	buckets         [64 * subBuckets]atomic.Uint64
	count, sum      atomic.Uint64
	lowest, highest atomic.Uint64 // lowest is stored + 1, 0 means none
}

func (h *histogram) observe(d time.Duration) {
	us := uint64(max(d.Microseconds(), 0)) //nolint:gosec // not negative
	h.buckets[bucketOf(us)].Add(1)
	h.count.Add(1)
	h.sum.Add(us)
	for old := h.lowest.Load(); old == 0 || us+1 < old; old = h.lowest.Load() {
		if h.lowest.CompareAndSwap(old, us+1) {
			break
		}
	}
	for old := h.highest.Load(); us > old; old = h.highest.Load() {
		if h.highest.CompareAndSwap(old, us) {
			break
		}
	}
}

func bucketOf(us uint64) int {
	if us < subBuckets {
		return int(us) //nolint:gosec // small
	}
	exponent := bits.Len64(us) - subBits - 1
	return exponent*subBuckets + int(us>>exponent) //nolint:gosec // below 64 * subBuckets
}

// bucketTop is the largest value of a bucket.
func bucketTop(bucket int) uint64 {
	if bucket < 2*subBuckets {
		return uint64(bucket) //nolint:gosec // not negative
	}
	exponent := bucket/subBuckets - 1
	return uint64(bucket%subBuckets+subBuckets+1)<<exponent - 1 //nolint:gosec // not negative
}

// Latency summarises a histogram; all durations in microseconds.
type Latency struct {
	Count uint64  `json:"count"`
	Min   uint64  `json:"min_us"`
	Max   uint64  `json:"max_us"`
	Avg   float64 `json:"avg_us"`
	P50   uint64  `json:"p50_us"`
	P95   uint64  `json:"p95_us"`
	P99   uint64  `json:"p99_us"`
	Sum   uint64  `json:"sum_us"`
}

func (h *histogram) latency() Latency {
	l := Latency{Count: h.count.Load(), Max: h.highest.Load(), Sum: h.sum.Load()}
	if l.Count == 0 {
		return l
	}
	if lowest := h.lowest.Load(); lowest > 0 {
		l.Min = lowest - 1
	}
	l.Avg = float64(l.Sum) / float64(l.Count)
	l.P50, l.P95, l.P99 = h.quantile(0.50), h.quantile(0.95), h.quantile(0.99)
	return l
}

func (h *histogram) quantile(q float64) uint64 {
	total := uint64(0)
	for i := range h.buckets {
		total += h.buckets[i].Load()
	}
	rank := uint64(math.Ceil(q * float64(total)))
	seen := uint64(0)
	for i := range h.buckets {
		seen += h.buckets[i].Load()
		if seen >= rank && seen > 0 {
			return min(bucketTop(i), h.highest.Load())
		}
	}
	return h.highest.Load()
}

func (h *histogram) reset() {
	for i := range h.buckets {
		h.buckets[i].Store(0)
	}
	h.count.Store(0)
	h.sum.Store(0)
	h.lowest.Store(0)
	h.highest.Store(0)
}
