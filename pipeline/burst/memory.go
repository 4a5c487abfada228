package burst

import (
	"slices"
	"sync"
)

// Limits of what is remembered: coarse means of luma, nothing that a person could be known by.
const (
	films = 1024 // of 24 kB each; the oldest are forgotten first
	// alike is how far two encodings of the same picture may be apart, in squared steps of luma. Chosen with these in view: on GRID's s1 to s3 JPEG of quality
	// 60 puts a picture up to 0.15 apart, the nearest other second of the same speaker in the same place is 2.7. On s5, s30, s31 and eight
	// other videos (TestMeasure, 78 captures, 2026-11-22) it is 0.37 and 2.1. A crop, a mirror or another brightness is not known again.
	alike = 0.8
	// moved is how much a burst must move, from its first picture to that which is furthest from it, to be known by
	// that: of two bursts in which nothing moves nobody can tell whether they are one.
	moved = 1.0
)

// film is what is kept of a burst.
type film []grid

func filmOf(burst []Shot) film {
	var f film
	for _, s := range burst {
		g, ok := gridOf(s.Frame)
		if !ok {
			return nil
		}
		f = append(f, g)
	}
	return f
}

// moves says that there is movement to be known by.
func (f film) moves() bool {
	for i := range f {
		if mean, _ := f[i].apart(&f[0]); mean >= moved {
			return true
		}
	}
	return false
}

// shows says that every picture of f is one of old's, but for one.
func (f film) shows(old film) bool {
	missing := 0
	for i := range f {
		found := false
		for j := range old {
			if mean, _ := f[i].apart(&old[j]); mean <= alike {
				found = true
				break
			}
		}
		if !found {
			if missing++; missing > 1 {
				return false
			}
		}
	}
	return true
}

// memory holds the films of this process: behind several nodes the store knows a photo again to the bit, and this knows
// what was encoded anew where it meets the same node.
type memory struct {
	mu   sync.Mutex
	old  []film
	next int // of old, to be written over
}

// knows says whether a film was shown before, and remembers it.
func (m *memory) knows(f film) bool {
	if len(f) < leastShots || !f.moves() {
		return false
	}
	for _, old := range m.exchange(f) {
		if f.shows(old) {
			return true
		}
	}
	return false
}

// exchange puts f in and returns what was there.
func (m *memory) exchange(f film) []film {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := slices.Clone(m.old)
	if len(m.old) < films {
		m.old = append(m.old, f)
	} else {
		m.old[m.next] = f
		m.next = (m.next + 1) % films
	}
	return old
}
