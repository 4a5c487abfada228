package webrtc

import "time"

// overRateFor is how long a sender may keep over the limit before it is cut
// off. Bandwidth estimators overshoot for a second or two.
const overRateFor = 10 * time.Second

// rateLimit is a token bucket of one second's depth.
type rateLimit struct {
	perSecond float64 // bytes, frames or luma samples
	tokens    float64
	last      time.Time
	over      time.Time // since when it is over, zero while it is not
}

func newRateLimit(perSecond float64) rateLimit {
	return rateLimit{perSecond: perSecond, tokens: perSecond}
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

// charge takes n more than allow did, or gives back where n is negative.
func (r *rateLimit) charge(n int) { r.tokens = min(r.perSecond, r.tokens-float64(n)) }

// abused says that the sender was over the limit, and never well below it, for
// too long.
func (r *rateLimit) abused(now time.Time) bool {
	return !r.over.IsZero() && now.Sub(r.over) > overRateFor
}

// decodeLimit bounds what one peer's frames cost to decode. What a frame costs is
// known afterwards only, so the last one's is taken before and put right then.
type decodeLimit struct {
	frames, samples rateLimit
	most            int // luma samples of the largest picture allowed
	expected        int // luma samples
	now             time.Time
}

func newDecodeLimit(o Options) decodeLimit {
	return decodeLimit{
		frames: newRateLimit(float64(o.MaxFrames)), samples: newRateLimit(float64(o.MaxSamples)),
		most: o.MaxWidth * o.MaxHeight,
	}
}

// allow reports whether a frame that arrived then may be decoded.
func (l *decodeLimit) allow(arrived time.Time) bool {
	if arrived.After(l.now) { // retransmissions overtake
		l.now = arrived
	}
	frame := l.frames.allow(1, l.now)
	return l.samples.allow(l.expected, l.now) && frame
}

// spent tells how many luma samples were decoded since allow.
func (l *decodeLimit) spent(samples int) {
	l.samples.charge(samples - l.expected)
	if samples > 0 {
		l.expected = samples
	}
}

func (l *decodeLimit) abused() bool { return l.frames.abused(l.now) || l.samples.abused(l.now) }
