package auth

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestRatesRecover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Rates
		for i, want := range []bool{true, true, false} {
			if got := r.Allow("a", 2); got != want {
				t.Errorf("call %d: %v, want %v", i, got, want)
			}
		}
		if !r.Allow("b", 2) || !r.Allow("a", 0) {
			t.Error("another, or one without a limit, is refused")
		}
		time.Sleep(30 * time.Second)
		if !r.Allow("a", 2) || r.Allow("a", 2) {
			t.Error("after half a minute of two a minute there is one")
		}
		for i := range 2 * maxRates {
			r.Allow(fmt.Sprint(i), 1)
		}
		if len(r.known) > maxRates {
			t.Errorf("%d are known, want %d at most", len(r.known), maxRates)
		}
	})
}
