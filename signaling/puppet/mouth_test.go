package puppet_test

import (
	"math"
	"testing"
	"time"

	"vivavoce/signaling/puppet"
)

// TestAMouthOpensAndCloses: at rest before a digit and after it, without jumps, and each digit otherwise.
func TestAMouthOpensAndCloses(t *testing.T) {
	const ms = time.Millisecond
	var at [10]puppet.Mouth
	for d := range 10 {
		for _, since := range []time.Duration{-time.Hour, -200 * ms, time.Second, time.Hour} {
			if m := puppet.Saying(d, since); m != (puppet.Mouth{}) {
				t.Errorf("%d, %v after its beginning: %v, want rest", d, since, m)
			}
		}
		last, most := puppet.Mouth{}, 0.0
		for since := -200 * ms; since < time.Second; since += 5 * ms {
			m := puppet.Saying(d, since)
			for k := range m {
				most = max(most, math.Abs(float64(m[k])))
				// 4 eye distances are some 12 cm a second.
				if jump := math.Abs(float64(m[k] - last[k])); jump > 0.02 {
					t.Errorf("%d at %v: value %d jumps by %.3f", d, since, k, jump)
				}
			}
			last = m
		}
		if most < 0.05 || most > 0.5 {
			t.Errorf("%d moves by up to %.3f eye distances", d, most)
		}
		at[d] = puppet.Saying(d, 200*ms)
		for e := range d {
			if at[d] == at[e] {
				t.Errorf("%d looks as %d", d, e)
			}
		}
	}
	if m := puppet.Saying(10, 100*ms); m != (puppet.Mouth{}) {
		t.Errorf("10: %v, want rest", m)
	}
}
