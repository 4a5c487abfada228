package motion

import (
	"slices"
	"time"
)

// way is the moments of a turn, in the order of their time.
type way []moment

// The middle of the way is between low and high of the greatest angle. By the curve of
// least jerk (Flash and Hogan, 1985) a head is there for 0.36 of the time it turns: for
// 130 ms of a quick turn's 360, and 100 ms on the way back until it counts as returned.
//
// It costs people something: of 16 turns in data/head (TestMeasureHeads, 30 a second) that
// passed 12 without it, 2 nods of 10° are not checked, since one face or none is between.
const (
	low, high = 0.2, 0.8
	// twoOut is the longest time between faces that lets two fall into the middle on
	// the way out; oneBack, one on the way back.
	twoOut, oneBack = 60 * time.Millisecond, 110 * time.Millisecond
)

// seen reports whether as many faces as the frame rate lets expect were in the middle of
// the way to peak, and of that back when it returned: at least one on the way out.
func (w way) seen(peak float64, returned bool) bool {
	turned := func(m moment) bool { return m.along > high*peak }
	out := slices.IndexFunc(w, turned)
	if out < 0 {
		return false
	}
	back := len(w)
	for back > out+1 && !turned(w[back-1]) {
		back--
	}
	period := w.period()
	least := 1
	if period <= twoOut {
		least = 2
	}
	if w[:out].middle(peak) < least {
		return false
	}
	return !returned || period > oneBack || w[back:].middle(peak) > 0
}

func (w way) middle(peak float64) (n int) {
	for _, m := range w {
		if m.along >= low*peak && m.along <= high*peak {
			n++
		}
	}
	return n
}

// period is the usual time between two moments: their median.
func (w way) period() time.Duration {
	if len(w) < 2 {
		return 0
	}
	dts := make([]time.Duration, len(w)-1)
	for i := range dts {
		dts[i] = w[i+1].pts - w[i].pts
	}
	slices.Sort(dts)
	return dts[len(dts)/2]
}
