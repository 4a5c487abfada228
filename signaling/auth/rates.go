package auth

import (
	"sync"

	"golang.org/x/time/rate"
)

// maxRates bounds how many are known at once; when there are more, all
// are forgotten, which at worst gives each a fresh burst.
const maxRates = 4096

// Rates limits how often each of many may do something: an address that makes sessions when
// anybody may, and a tenant. Behind a reverse proxy all share one address: the proxy limits there.
type Rates struct {
	mu    sync.Mutex
	known map[string]*rate.Limiter
}

// Allow counts who's next time in; 0 a minute is no limit.
func (v *Rates) Allow(who string, perMinute int) bool {
	if perMinute == 0 {
		return true
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	l, ok := v.known[who]
	if !ok || l.Burst() != perMinute {
		if v.known == nil || len(v.known) >= maxRates {
			v.known = map[string]*rate.Limiter{}
		}
		l = rate.NewLimiter(rate.Limit(float64(perMinute)/60), perMinute)
		v.known[who] = l
	}
	return l.Allow()
}
