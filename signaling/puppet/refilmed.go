package puppet

import (
	"context"
	"fmt"
	"time"

	"vivavoce/media"
	"vivavoce/media/recapture"
	"vivavoce/pipeline"
)

// Refilmed performs what another performance does, as an attack instrument shows it: off a screen or
// a print before the camera, with somebody else's mouth. What answers prompts goes on answering them.
type Refilmed struct {
	what, donor *stage // donor may be nil
	attack      *recapture.Source
}

// stage paints the performance for the simulator, a picture whenever one is asked for.
type stage struct {
	what Performance
	pool media.Pool
	seq  uint64
	now  time.Duration
}

// Next implements media.Source.
func (s *stage) Next(context.Context) (*media.Frame, error) {
	f := s.pool.Get(s.what.Size())
	if err := s.what.Paint(f, s.now); err != nil {
		f.Release()
		return nil, err
	}
	f.Seq, f.PTS = s.seq, s.now
	s.seq++
	return f, nil
}

// NewRefilmed returns what as an attack of p's kind shows it. Species that take parts of another face take
// them from donor, who hears the same prompts; it is nil for the others. Close it.
func NewRefilmed(what, donor Performance, p recapture.Parameters, r recapture.Rig) (*Refilmed, error) {
	p.Coding = recapture.Coding{} // the call codes it
	made := &Refilmed{what: &stage{what: what}}
	if donor != nil {
		made.donor = &stage{what: donor}
		r.Donor = made.donor
	}
	var err error
	if made.attack, err = recapture.New(made.what, p, r); err != nil {
		return nil, fmt.Errorf("refilm: %w", err)
	}
	return made, nil
}

// Close frees the simulator.
func (r *Refilmed) Close() error { return r.attack.Close() }

// Size implements Performance.
func (r *Refilmed) Size() (width, height int) { return r.what.what.Size() }

// Hear implements Performance.
func (r *Refilmed) Hear(step pipeline.Step, now time.Duration) {
	r.what.what.Hear(step, now)
	if r.donor != nil {
		r.donor.what.Hear(step, now)
	}
}

// Paint implements Performance.
func (r *Refilmed) Paint(f *media.Frame, now time.Duration) error {
	r.what.now = now
	if r.donor != nil {
		r.donor.now = now
	}
	shown, err := r.attack.Next(context.Background())
	if err != nil {
		return err
	}
	defer shown.Release()
	return copyFrame(f, shown)
}
