package webrtc

import (
	"sync"
	"time"
)

// Pace of key frame requests: the first at once, then this far apart, twice as
// far each time nothing comes. A key frame takes a round trip and a few frames,
// and costs ten times a delta: asking faster makes the picture worse.
const (
	keyEvery    = 300 * time.Millisecond
	keyEveryMax = 3 * time.Second
)

// keyAsker decides when to ask for a key frame. Safe for concurrent use.
type keyAsker struct {
	mu     sync.Mutex
	wanted bool
	asked  time.Time
	every  time.Duration
}

// want says that decoding cannot go on without a key frame.
func (k *keyAsker) want() {
	k.mu.Lock()
	k.wanted = true
	k.mu.Unlock()
}

// wantSoon wants one, and asks only when none comes by itself within keyEvery: a
// browser begins with one, and a second at once spoils the first half second (QP 69
// where it is 60 without, at 640×480 and 1 Mbit/s).
func (k *keyAsker) wantSoon(now time.Time) {
	k.mu.Lock()
	k.wanted, k.asked = true, now
	k.mu.Unlock()
}

// got says that one was decoded.
func (k *keyAsker) got() {
	k.mu.Lock()
	k.wanted, k.every = false, 0
	k.mu.Unlock()
}

// waiting says whether one is wanted.
func (k *keyAsker) waiting() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.wanted
}

// due reports whether to ask now, and takes it that the caller does.
func (k *keyAsker) due(now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.wanted || now.Sub(k.asked) < max(k.every, keyEvery) {
		return false
	}
	k.every = min(max(2*k.every, keyEvery), keyEveryMax)
	k.asked = now
	return true
}
