package stock

import "math"

// ranks are the sums of the weights of the orgs after the first.
var ranks = func() []float64 {
	sums := make([]float64, orgs-1)
	sum := 0.0
	for i := range sums {
		sum += math.Pow(float64(i+1), -1.3)
		sums[i] = sum
	}
	return sums
}()
