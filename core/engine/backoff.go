package engine

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"github.com/avast/retry-go/v4"
)

// jitter is how far below the formula a delay may fall, so that many clients do not come back together.
const jitter = 0.2

// backoff is min(initial * multiplier^n, highest) for the n-th retry, counted from 0.
type backoff struct {
	retries          int
	initial, highest time.Duration
	multiplier       float64
}

func (b backoff) delay(n uint) time.Duration {
	ceiling := math.Min(float64(b.initial)*math.Pow(b.multiplier, float64(n)), float64(b.highest))
	return time.Duration(ceiling * (1 - jitter*rand.Float64())) //nolint:gosec // spreads load, keeps no secret
}

// attempt is one failed try.
type attempt struct {
	number int // from 1
	delay  time.Duration
	err    error
}

// run repeats fn while again agrees; onRetry hears of each coming retry. The first success costs no more than fn.
func (b backoff) run(ctx context.Context, fn func() error, again func(error) bool, onRetry func(attempt)) error {
	err := fn()
	if err == nil || b.retries == 0 || !again(err) {
		return err
	}
	last, first := err, true
	err = retry.Do(
		func() error {
			if !first {
				last = fn()
			}
			first = false
			return last
		},
		retry.Context(ctx),
		retry.Attempts(uint(b.retries)+1), //nolint:gosec // validated to be positive
		retry.RetryIf(again),
		retry.LastErrorOnly(true),
		retry.DelayType(func(n uint, err error, _ *retry.Config) time.Duration {
			delay := b.delay(n - 1)                                  // n counts failures here
			onRetry(attempt{number: int(n), delay: delay, err: err}) //nolint:gosec // small
			return delay
		}),
	)
	if errors.Is(err, context.DeadlineExceeded) {
		return last // says more than "out of time"
	}
	return err
}
