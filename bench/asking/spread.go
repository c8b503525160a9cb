package asking

import (
	"fmt"
	"slices"
	"time"
)

// Spread is what one question took, many times.
type Spread []time.Duration

// At is what a share of them took at most.
func (s Spread) At(share float64) time.Duration {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[int(share*float64(len(sorted)-1))]
}

func (s Spread) String() string {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return fmt.Sprintf("%.1f ms, %.1f ms, %.1f ms", ms(s.At(0.5)), ms(s.At(0.99)), ms(s.At(1)))
}
