package injection

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"time"

	"vivavoce/pipeline"
)

// Limits of what is remembered of a session and compared at its end.
const (
	// shots bounds a film: 13 s of movement at 30 frames a second, 0.2 MB.
	shots = 400
	// alike is how near the means of two films must be to be compared, in squared steps of luma: the same
	// place in the same light.
	alike = 150
	// shownFor is how long the same movement must go on to have been shown before. One person in one place who
	// is asked for the same turn in two sessions comes near 2 s: the longest of 91 pairs of a rendered head's was 2.2 s
	// (2026-11-22), and in 45 other pairs one was longer than 3.5 s. Of a recording that is presented again it is the recording's length,
	// and a session lasts ten.
	shownFor = 5 * time.Second
	// candidates bounds how many films a session is compared with, the most alike first: 10 ms each.
	candidates = 16
)

// MemoryOptions bound a Memory.
type MemoryOptions struct {
	Sessions int           // how many are remembered; 0 means 256, of 0.2 MB each at most
	Keep     time.Duration // and for how long; 0 means 1 h
	// Compare bounds how long the end of a session waits for the comparison, the most alike film always; 0 means
	// 400 ms: at a kiosk all films are alike, and a busy machine takes ten times as long.
	Compare time.Duration
	Now     func() time.Time
}

// Memory holds what the moving parts of past sessions looked like, coarsely, to know a recording that is
// presented again. It is this process's own: behind several nodes a second presentation is
// found where it meets the same node, so with k nodes and no affinity one time in k. It is safe for
// concurrent use.
type Memory struct {
	o MemoryOptions

	mu    sync.Mutex
	films []*film // the oldest first
}

// NewMemory returns an empty memory.
func NewMemory(o MemoryOptions) (*Memory, error) {
	if o.Sessions < 0 || o.Keep < 0 || o.Compare < 0 {
		return nil, errors.New("new memory of sessions: a limit is negative")
	}
	if o.Sessions == 0 {
		o.Sessions = 256
	}
	if o.Keep == 0 {
		o.Keep = time.Hour
	}
	if o.Compare == 0 {
		o.Compare = 400 * time.Millisecond
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Memory{o: o}, nil
}

// film is what moved in a session. It does not change once it is made.
type film struct {
	at    time.Time
	shots []shot
	mean  still
}

// shot is one still of a film.
type shot struct {
	still still
	pts   time.Duration
	moved difference
	step  difference // from the shot before
}

// film returns the newest shots in which something moved.
func (r *repeats) film() *film {
	f := &film{}
	for j := max(0, r.n-kept); j < r.n; j++ {
		if moved := r.moving[j%kept]; moved != (difference{}) {
			f.shots = append(f.shots, shot{still: r.stills[j%kept], pts: r.times[j%kept], moved: moved})
		}
	}
	f.shots = slices.Clone(f.shots[max(0, len(f.shots)-shots):])
	for i := 1; i < len(f.shots); i++ {
		f.shots[i].step = f.shots[i].still.apart(&f.shots[i-1].still, farCells)
	}
	var sums [cells]int
	for i := range f.shots {
		for c, v := range f.shots[i].still.cells {
			sums[c] += int(v)
		}
	}
	for c, sum := range sums {
		f.mean.cells[c] = int16(sum / max(1, len(f.shots)))
	}
	return f
}

// judge says whether f was shown before, and remembers it.
func (m *Memory) judge(f *film) part {
	if len(f.shots) < 30 {
		return part{} // nothing to know it by
	}
	p := part{checked: true}
	began := time.Now()
	for _, old := range m.exchange(f) {
		if f.shows(old) {
			p.damning = append(p.damning, pipeline.InjectionReplayed)
			break
		}
		if time.Since(began) >= m.o.Compare {
			break
		}
	}
	return p
}

// exchange puts f in and returns the films that are most like it.
func (m *Memory) exchange(f *film) []*film {
	m.mu.Lock()
	defer m.mu.Unlock()
	f.at = m.o.Now()
	m.films = slices.DeleteFunc(m.films, func(old *film) bool { return f.at.Sub(old.at) > m.o.Keep })
	type near struct {
		film  *film
		apart float32
	}
	var nearest []near
	for _, old := range m.films {
		if d := f.mean.apart(&old.mean, alike); d.cells <= alike {
			nearest = append(nearest, near{old, d.cells})
		}
	}
	slices.SortStableFunc(nearest, func(a, b near) int { return cmp.Compare(a.apart, b.apart) })
	if len(m.films) >= m.o.Sessions {
		m.films = slices.Delete(m.films, 0, len(m.films)-m.o.Sessions+1)
	}
	m.films = append(m.films, f)
	out := make([]*film, 0, candidates)
	for _, n := range nearest[:min(len(nearest), candidates)] {
		out = append(out, n.film)
	}
	return out
}

// shows says whether a stretch of f is one of old.
func (f *film) shows(old *film) bool {
	var all tracks
	last := f.shots[0].pts - askEvery
	origin := f.shots[0].pts - old.shots[len(old.shots)-1].pts // the least lag
	for i := range f.shots {
		q := &f.shots[i]
		dt := q.pts - last
		if dt < askEvery-slot/4 {
			continue
		}
		last = q.pts
		all.compare()
		c := comparison{tracks: &all, moved: q.moved, pts: q.pts, dt: min(dt, longestStep)}
		for j := range old.shots {
			o := &old.shots[j]
			c.pass(o.pts, q.pts-o.pts-origin, q.still.apart(&o.still, tooFar*q.moved.cells), o.step)
		}
		c.flush()
		if c.held >= float32(shownFor.Seconds()) {
			return true
		}
	}
	return false
}
