package webrtc

import "time"

// overRateFor is how long a sender may keep over the limit before it is cut
// off. Bandwidth estimators overshoot for a second or two.
const overRateFor = 10 * time.Second

// rateLimit is a token bucket of one second's depth.
type rateLimit struct {
	perSecond float64 // bytes
	tokens    float64
	last      time.Time
	over      time.Time // since when it is over, zero while it is not
}

func newRateLimit(bitsPerSecond int) rateLimit {
	bytes := float64(bitsPerSecond) / 8
	return rateLimit{perSecond: bytes, tokens: bytes}
}

// allow takes n bytes and reports whether they are within the limit.
func (r *rateLimit) allow(n int, now time.Time) bool {
	if !r.last.IsZero() {
		r.tokens = min(r.perSecond, r.tokens+now.Sub(r.last).Seconds()*r.perSecond)
	}
	r.last = now
	if r.tokens > r.perSecond/2 {
		r.over = time.Time{}
	}
	if r.tokens >= float64(n) {
		r.tokens -= float64(n)
		return true
	}
	if r.over.IsZero() {
		r.over = now
	}
	return false
}

// abused says that the sender was over the limit, and never well below it, for
// too long.
func (r *rateLimit) abused(now time.Time) bool {
	return !r.over.IsZero() && now.Sub(r.over) > overRateFor
}
