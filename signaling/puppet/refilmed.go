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
	what   Performance
	stage  *stage
	attack *recapture.Source
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

// NewRefilmed returns what as an attack of p's kind shows it. Close it.
func NewRefilmed(what Performance, p recapture.Parameters, r recapture.Rig) (*Refilmed, error) {
	p.Coding = recapture.Coding{} // the call codes it
	s := &stage{what: what}
	attack, err := recapture.New(s, p, r)
	if err != nil {
		return nil, fmt.Errorf("refilm: %w", err)
	}
	return &Refilmed{what: what, stage: s, attack: attack}, nil
}

// Close frees the simulator.
func (r *Refilmed) Close() error { return r.attack.Close() }

// Size implements Performance.
func (r *Refilmed) Size() (width, height int) { return r.what.Size() }

// Hear implements Performance.
func (r *Refilmed) Hear(step pipeline.Step, now time.Duration) { r.what.Hear(step, now) }

// Paint implements Performance.
func (r *Refilmed) Paint(f *media.Frame, now time.Duration) error {
	r.stage.now = now
	shown, err := r.attack.Next(context.Background())
	if err != nil {
		return err
	}
	defer shown.Release()
	return copyFrame(f, shown)
}

// Film makes a video of a performance that nobody prompts.
func Film(what Performance, fps int) media.Source { return &film{stage{what: what}, fps} }

type film struct {
	stage
	fps int
}

// Next implements media.Source.
func (f *film) Next(ctx context.Context) (*media.Frame, error) {
	f.now = time.Duration(f.seq) * time.Second / time.Duration(f.fps)
	return f.stage.Next(ctx)
}
