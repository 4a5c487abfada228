package webrtc

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vivavoce/media"
	"vivavoce/media/codec"
)

// patience bounds every wait of a test: far above what any takes.
const patience = 20 * time.Second

// leaks fails the test when a goroutine outlives it. First in a test, so that it
// runs last.
func leaks(t testing.TB) {
	t.Helper()
	known := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, known) })
}

// newEngine listens on loopback only, on free ports.
func newEngine(t testing.TB, change func(*Options)) *Engine {
	t.Helper()
	o := Options{Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Loopback: true}
	if change != nil {
		change(&o)
	}
	e, err := NewEngine(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// call is a peer and a publisher that are connected, the peer running.
type call struct {
	t      testing.TB
	began  time.Time
	peer   *Peer
	pub    *Publisher
	stop   context.CancelFunc
	ended  chan struct{}
	err    error // of Run, after ended
	states chan State
}

func newCall(t testing.TB, e *Engine, o PublisherOptions) *call {
	t.Helper()
	c := &call{t: t, began: time.Now(), ended: make(chan struct{}), states: make(chan State, 100)}
	var err error
	c.peer, err = e.NewPeer(PeerOptions{OnState: func(s State) { c.states <- s }})
	if err != nil {
		t.Fatal(err)
	}
	o.Loopback = true
	if c.pub, err = NewPublisher(o); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	c.stop = stop
	go func() {
		defer close(c.ended)
		c.err = c.peer.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		c.wait()
		if err := c.pub.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// connect negotiates and waits until media flows.
func (c *call) connect() {
	c.t.Helper()
	c.negotiate(false)
	select {
	case <-c.pub.Connected():
	case <-c.ended:
		c.t.Fatalf("Run ended before the connection stood: %v", c.err)
	case <-time.After(patience):
		c.t.Fatal("no connection")
	}
}

func (c *call) negotiate(restart bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	offer, err := c.pub.Offer(ctx, restart)
	if err != nil {
		c.t.Fatal(err)
	}
	answer, err := c.peer.Answer(ctx, offer)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.pub.Accept(answer); err != nil {
		c.t.Fatal(err)
	}
}

// pause lets other goroutines go on, a millisecond at a time, where a test polls.
func (c *call) pause() {
	c.hurry()
	select {
	case <-c.ended:
		c.t.Fatalf("Run ended: %v", c.err)
	case <-time.After(time.Millisecond):
	}
}

// hurry fails a test that waits, by whatever loop, for what does not come.
func (c *call) hurry() {
	if _, bench := c.t.(*testing.B); !bench && time.Since(c.began) > 3*patience {
		c.t.Fatalf("took over %v: stats %+v", 3*patience, c.peer.Stats())
	}
}

// wait waits for Run to end and gives its error.
func (c *call) wait() error {
	select {
	case <-c.ended:
	case <-time.After(patience):
		c.t.Error("Run did not end")
	}
	return c.err
}

// state waits until the peer tells want.
func (c *call) state(want State) {
	c.t.Helper()
	for deadline := time.After(patience); ; {
		select {
		case got := <-c.states:
			if got == want {
				return
			}
		case <-deadline:
			c.t.Fatalf("no state %q", want)
		}
	}
}

// film encodes n pictures of a moving edge, each forced to be a key frame where
// key says so.
func film(t testing.TB, name codec.Name, width, height, n int, key func(int) bool) [][]byte {
	t.Helper()
	e, err := codec.NewEncoder(codec.EncoderOptions{Codec: name, Width: width, Height: height, FPS: 30, BitrateKbps: 600})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var pool media.Pool
	var all [][]byte
	for i := range n {
		f := pool.Get(width, height)
		paint(f, i)
		f.PTS = time.Duration(i) * time.Second / 30
		err := e.Encode(f, key(i), func(p codec.Packet) error {
			all = append(all, append([]byte(nil), p.Data...))
			return nil
		})
		f.Release()
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(all) != n {
		t.Fatalf("encoder gave %d packets for %d pictures", len(all), n)
	}
	return all
}

// paint draws something that a codec has to work for and that moves.
func paint(f *media.Frame, n int) {
	for y := range f.Height {
		row := f.Y[y*f.YStride:]
		for x := range f.Width {
			row[x] = byte(16 + (x*7+y*13+(x*y>>5)+n*3)%200)
		}
	}
	for i := range f.Cb {
		f.Cb[i], f.Cr[i] = 128, byte(100+n%50)
	}
}

func first(i int) bool { return i == 0 }

// camera sends a film over and over at its pace until the test ends, beginning
// with a key frame and again when one is asked for, as an encoder does.
type camera struct {
	pub  *Publisher
	film [][]byte
	pace time.Duration // between frames on the wire; the RTP clock says 1/30 s
	keys atomic.Bool
	at   int
}

func (c *camera) send(t testing.TB) {
	t.Helper()
	if c.keys.Swap(false) {
		c.at = 0
	}
	if err := c.pub.Write(c.film[c.at%len(c.film)], time.Second/30); err != nil {
		t.Errorf("write frame: %v", err)
	}
	c.at++
}

// roll sends until stop is called, which waits.
func (c *camera) roll(t testing.TB) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() {
		tick := time.NewTicker(c.pace)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				c.send(t)
			}
		}
	})
	return func() { cancel(); ended.Wait() }
}

// next gives the peer's next frame or fails the test.
func (c *call) next() *media.Frame {
	c.t.Helper()
	c.hurry()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	f, err := c.peer.Next(ctx)
	if err != nil {
		c.t.Fatalf("next frame: %v (stats %+v)", err, c.peer.Stats())
	}
	return f
}

func wantErr(t testing.TB, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("err = %v, want %v", got, want)
	}
}
