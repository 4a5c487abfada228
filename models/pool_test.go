package models

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// queue starts a run that waits in a lane and, once it has a worker, notes its
// name and gives the worker back.
func queue(t *testing.T, p *pool, lane Lane, name string, order *[]string, mu *sync.Mutex) {
	t.Helper()
	go func() {
		if err := p.acquire(t.Context(), lane); err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		mu.Lock()
		*order = append(*order, name)
		mu.Unlock()
		p.release(lane)
	}()
	synctest.Wait() // it is in the queue, so the next comes after it
}

func TestLiveGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1)
		if err := p.acquire(t.Context(), Background); err != nil {
			t.Fatal(err)
		}
		var order []string
		var mu sync.Mutex
		queue(t, p, Background, "background 1", &order, &mu)
		queue(t, p, Background, "background 2", &order, &mu)
		queue(t, p, Live, "live 1", &order, &mu)
		queue(t, p, Live, "live 2", &order, &mu)
		p.release(Background)
		synctest.Wait()
		want := []string{"live 1", "live 2", "background 1", "background 2"}
		if !slices.Equal(order, want) {
			t.Errorf("order = %v, want %v", order, want)
		}
	})
}

func TestBackgroundLeavesAWorker(t *testing.T) {
	cases := []struct{ workers, background int }{{1, 1}, {2, 1}, {4, 3}}
	for _, c := range cases {
		synctest.Test(t, func(t *testing.T) {
			p := newPool(c.workers)
			running := 0
			ctx, cancel := context.WithCancel(t.Context())
			for range 10 {
				go func() {
					if p.acquire(ctx, Background) == nil {
						running++
					}
				}()
				synctest.Wait()
			}
			if running != c.background {
				t.Errorf("%d workers run %d in the background, want %d", c.workers, running, c.background)
			}
			if c.workers > 1 {
				if err := p.acquire(ctx, Live); err != nil {
					t.Errorf("live beside a full background: %v", err)
				}
			}
			cancel()
			synctest.Wait()
		})
	}
}

func TestCancelLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1)
		if err := p.acquire(t.Context(), Live); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan error, 1)
		go func() { got <- p.acquire(ctx, Live) }()
		synctest.Wait()
		cancel()
		if err := <-got; !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v, want canceled", err)
		}
		p.release(Live)
		if err := p.acquire(t.Context(), Live); err != nil || p.free != 0 || len(p.waiting[Live]) != 0 {
			t.Errorf("after a cancelled wait: err %v, %d free, %d waiting", err, p.free, len(p.waiting[Live]))
		}
		if err := p.acquire(ctx, Live); !errors.Is(err, context.Canceled) {
			t.Errorf("acquire with an ended context = %v, want canceled", err)
		}
	})
}

// TestCancelAfterGrant: a run that was given a worker and at the same moment
// cancelled passes it on. select chooses either, so the meeting is made by hand.
func TestCancelAfterGrant(t *testing.T) {
	p := newPool(1)
	if err := p.acquire(t.Context(), Live); err != nil {
		t.Fatal(err)
	}
	w := &waiter{granted: make(chan struct{})}
	p.waiting[Background] = append(p.waiting[Background], w)
	p.release(Live)
	<-w.granted
	if err := p.leave(Background, w, context.Canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("leave = %v, want canceled", err)
	}
	if p.free != 1 || p.busy != 0 || p.background != 1 {
		t.Errorf("free %d, busy %d, background %d, want 1, 0, 1", p.free, p.busy, p.background)
	}
}

func TestPoolClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1)
		if err := p.acquire(t.Context(), Live); err != nil {
			t.Fatal(err)
		}
		waiting := make(chan error, 1)
		go func() { waiting <- p.acquire(t.Context(), Background) }()
		synctest.Wait()
		closed := false
		go func() { p.close(); closed = true }()
		if err := <-waiting; !errors.Is(err, ErrClosed) {
			t.Errorf("a waiting run got %v, want ErrClosed", err)
		}
		synctest.Wait()
		if closed {
			t.Error("close did not wait for the running")
		}
		p.release(Live)
		synctest.Wait()
		if !closed {
			t.Error("close still waits after the last run")
		}
		if err := p.acquire(t.Context(), Live); !errors.Is(err, ErrClosed) {
			t.Errorf("acquire after close = %v, want ErrClosed", err)
		}
		p.close() // again does nothing
	})
}
