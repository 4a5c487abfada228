package webrtc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"
)

// Run receives until ctx ends, which is no error, or the peer fails, and then
// closes it. When Run returns, all that it and pion started has ended. A peer
// runs once.
func (p *Peer) Run(ctx context.Context) error {
	p.mu.Lock()
	again := p.running
	p.running = true
	p.mu.Unlock()
	if again {
		return errors.New("run peer: it ran already")
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		<-gctx.Done()
		p.shut() // readers of tracks end with it
		return nil
	})
	k := &keeper{peer: p, group: g, started: time.Now(), reported: map[string]uint64{}}
	g.Go(func() error { return k.run(gctx) })
	err := g.Wait()
	k.report()
	if p.options.OnState != nil {
		p.options.OnState(StateClosed)
	}
	if ctx.Err() != nil {
		p.latest.Close(io.EOF)
		return nil
	}
	err = fmt.Errorf("run peer: %w", err)
	p.latest.Close(err)
	return err
}
