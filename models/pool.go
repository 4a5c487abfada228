package models

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// ErrClosed is the error of a Run after Library.Close.
var ErrClosed = errors.New("model library is closed")

// Lane is the urgency of a Run.
type Lane int

// Live is for frames that a person waits for, Background for everything else
// (uploads, long models). A Live run goes before every Background run that has
// not started, and where there are two workers or more one is kept free of
// Background, so that a long one cannot hold a Live one up.
const (
	Live Lane = iota
	Background
)

// pool hands out a fixed number of workers. It is fair within a lane.
type pool struct {
	mu         sync.Mutex
	free       int
	background int           // workers that Background may still take
	waiting    [2][]*waiter  // by lane, longest first
	busy       int           // workers handed out
	closed     bool          // no more
	idle       chan struct{} // closed when closed and nothing is busy
}

type waiter struct {
	granted chan struct{} // closed when a worker is handed over, or the pool is closed
	err     error         // set before granted is closed
}

func newPool(workers int) *pool {
	return &pool{free: workers, background: max(1, workers-1), idle: make(chan struct{})}
}

// acquire waits for a worker. The caller must release it.
func (p *pool) acquire(ctx context.Context, lane Lane) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return ErrClosed
	}
	if len(p.waiting[lane]) == 0 && p.available(lane) {
		p.take(lane)
		p.mu.Unlock()
		return nil
	}
	w := &waiter{granted: make(chan struct{})}
	p.waiting[lane] = append(p.waiting[lane], w)
	p.mu.Unlock()
	select {
	case <-w.granted:
		return w.err
	case <-ctx.Done():
		return p.leave(lane, w, ctx.Err())
	}
}

// leave gives a place in the queue up. If a worker came at the same moment, it
// goes to the next.
func (p *pool) leave(lane Lane, w *waiter, err error) error {
	p.mu.Lock()
	i := slices.Index(p.waiting[lane], w)
	if i >= 0 {
		p.waiting[lane] = slices.Delete(p.waiting[lane], i, i+1)
	}
	p.mu.Unlock()
	if i < 0 && w.err == nil {
		p.release(lane)
	}
	return err
}

func (p *pool) release(lane Lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free++
	p.busy--
	if lane == Background {
		p.background++
	}
	for _, next := range [...]Lane{Live, Background} {
		for len(p.waiting[next]) > 0 && p.available(next) {
			w := p.waiting[next][0]
			p.waiting[next] = slices.Delete(p.waiting[next], 0, 1)
			p.take(next)
			close(w.granted)
		}
	}
	p.settle()
}

// available tells whether a worker is free for a lane. While one is, no Live
// run waits: release hands it over at once.
func (p *pool) available(lane Lane) bool {
	return p.free > 0 && (lane == Live || p.background > 0)
}

func (p *pool) take(lane Lane) {
	p.free--
	p.busy++
	if lane == Background {
		p.background--
	}
}

// close refuses new work, sends the waiting away and waits for the running.
func (p *pool) close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		for lane := range p.waiting {
			for _, w := range p.waiting[lane] {
				w.err = ErrClosed
				close(w.granted)
			}
			p.waiting[lane] = nil
		}
		p.settle()
	}
	p.mu.Unlock()
	<-p.idle
}

// settle tells close that the last worker came back.
func (p *pool) settle() {
	if !p.closed || p.busy > 0 {
		return
	}
	select {
	case <-p.idle:
	default:
		close(p.idle)
	}
}
