package signaling

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// fakeCamera is a camera that a test plugs in and out.
type fakeCamera struct {
	mu     sync.Mutex
	err    error // from open
	frames chan *media.Frame
	gone   chan error
	closed chan struct{} // one for each time that it was shut
	opened int
}

func newFakeCamera() *fakeCamera {
	return &fakeCamera{frames: make(chan *media.Frame), gone: make(chan error), closed: make(chan struct{}, 99)}
}

func (c *fakeCamera) open(context.Context) (media.Source, func(), error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, nil, c.err
	}
	c.opened++
	return c, func() { c.closed <- struct{}{} }, nil
}

func (c *fakeCamera) fail(err error) { c.mu.Lock(); c.err = err; c.mu.Unlock() }

func (c *fakeCamera) opens() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened
}

func (c *fakeCamera) Next(ctx context.Context) (*media.Frame, error) {
	select {
	case f := <-c.frames:
		return f, nil
	case err := <-c.gone:
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// film gives frames until the test ends.
func (c *fakeCamera) film(t *testing.T) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := uint64(0); ; i++ {
			select {
			case c.frames <- grey(i):
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-done })
}

func grey(seq uint64) *media.Frame {
	var p media.Pool
	f := p.Get(16, 10)
	f.Seq, f.PTS, f.Arrived = seq, time.Duration(seq)*33*time.Millisecond, time.Now()
	fill(f.Y, 16)
	fill(f.Cb, 128)
	fill(f.Cr, 128)
	return f
}

func fill(p []byte, v byte) {
	for i := range p {
		p[i] = v
	}
}

func newKioskRig(t *testing.T, play script, cam *fakeCamera, change func(*KioskOptions)) *rig {
	t.Helper()
	checkLeaks(t)
	r := &rig{t: t, shown: make(chan int, 8), stopped: make(chan error, 1)}
	o := KioskOptions{OpenCamera: cam.open}
	o.NewAttempt = func(pipeline.Challenge, string) (Attempt, error) {
		return &fakeAttempt{script: play, shown: r.shown, told: r.told}, nil
	}
	o.Plan = pipeline.DefaultPlan()
	o.Auth, o.Store = testAuth(t), testStore(t)
	o.Timing.Linger = 200 * time.Millisecond
	o.Pages = fstest.MapFS{"kiosk.html": {Data: []byte("kiosk")}}
	if change != nil {
		change(&o)
	}
	k, err := NewKiosk(o)
	if err != nil {
		t.Fatal(err)
	}
	r.server = k.server
	r.serve(k.Serve)
	return r
}

// sit joins a kiosk's session, up to state connecting.
func (r *rig) sit() (*client, Created) {
	r.t.Helper()
	made := r.create()
	c := r.dial(made.URL)
	c.send(Hello{Token: made.Token})
	if w := expect[Welcome](c); w.Media != MediaLocal || len(w.ICEServers) != 0 {
		r.t.Errorf("welcome %+v, want local media", w)
	}
	expect[StateChange](c)
	return c, made
}

func TestKioskSession(t *testing.T) {
	cam := newFakeCamera()
	r := newKioskRig(t, func(ctx context.Context, src media.Source, _ func(pipeline.Event)) (pipeline.Verdict, error) {
		f, err := src.Next(ctx)
		if err != nil || f.Seq != 0 || f.PTS != 0 {
			t.Errorf("first frame %d at %v, %v: want number and time from 0", f.Seq, f.PTS, err)
		}
		f.Release()
		return pipeline.Verdict{Outcome: pipeline.Live}, nil
	}, cam, nil)
	c, _ := r.sit()
	c.send(Offer{SDP: "x"})
	if e := expect[Error](c); e.Code != CodeOutOfOrder {
		t.Errorf("offer to a kiosk: %+v", e)
	}
	c.send(Candidate{})
	if e := expect[Error](c); e.Code != CodeOutOfOrder {
		t.Errorf("candidate to a kiosk: %+v", e)
	}
	cam.frames <- grey(7)
	if v := expect[Verdict](c); v.Outcome != "live" {
		t.Errorf("verdict %+v", v)
	}
	c.rest()
	c, _ = r.sit() // the next person
	cam.frames <- grey(8)
	if v := expect[Verdict](c); v.Outcome != "live" {
		t.Errorf("second verdict %+v", v)
	}
}

func TestKioskNewSessionEndsTheOneBefore(t *testing.T) {
	cam := newFakeCamera()
	r := newKioskRig(t, untilDone, cam, nil)
	cam.film(t)
	first, made := r.sit()
	r.sit()
	checkLastWords(t, first, StateDone, pipeline.SessionCancelled, "", 1000)
	if s := r.status(made.ID); s.State != StateDone {
		t.Errorf("first session is %s", s.State)
	}
}

func TestKioskCameraComesBack(t *testing.T) {
	cam := newFakeCamera()
	cam.fail(&MediaError{CodeCameraBusy, errors.New("/dev/video0: resource busy")})
	r := newKioskRig(t, untilDone, cam, nil)
	c, _ := r.sit()
	if e := expect[Error](c); e.Code != CodeCameraBusy || e.Fatal {
		t.Errorf("error %+v, want camera_busy, not fatal", e)
	}
	cam.fail(errors.New("no such device"))
	if e := expect[Error](c); e.Code != CodeCameraAbsent || e.Fatal {
		t.Errorf("error %+v, want camera_absent, not fatal", e)
	}
	next, _ := r.sit() // who comes later hears it, too
	if e := expect[Error](next); e.Code != CodeCameraAbsent {
		t.Errorf("error %+v, want camera_absent", e)
	}
	cam.fail(nil)
	cam.film(t)
	if s := expect[StateChange](next); s.State != StateFraming {
		t.Errorf("state %s, want framing", s.State)
	}
}

// TestCameraTroubleIsToldOnce tries a camera for ten seconds.
func TestCameraTroubleIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cam := newFakeCamera()
		cam.fail(&MediaError{CodeCameraBusy, errors.New("resource busy")})
		c := newCamera(cam.open, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		var told []Code // only touched by the session's goroutine
		session := newLocal(c, func(code Code) { told = append(told, code) })
		var wg sync.WaitGroup
		wg.Go(func() { c.run(ctx) })
		wg.Go(func() {
			if err := session.Run(ctx); err != nil {
				t.Errorf("run: %v", err)
			}
		})
		time.Sleep(5 * time.Second)
		cam.fail(errors.New("no such file"))
		time.Sleep(5 * time.Second)
		cancel()
		wg.Wait()
		if !slices.Equal(told, []Code{CodeCameraBusy, CodeCameraAbsent}) {
			t.Errorf("told %v, want each trouble once", told)
		}
	})
}

func TestKioskCameraUnplugged(t *testing.T) {
	cam := newFakeCamera()
	r := newKioskRig(t, untilDone, cam, nil)
	c, _ := r.sit()
	cam.frames <- grey(0)
	expect[StateChange](c)
	cam.gone <- &MediaError{CodeCameraUnplugged, errors.New("no such device")}
	checkLastWords(t, c, StateFailed, pipeline.SessionNoMedia, CodeCameraUnplugged, 4410)
}

func TestKioskRecordingEnds(t *testing.T) {
	cam := newFakeCamera()
	r := newKioskRig(t, func(ctx context.Context, src media.Source, _ func(pipeline.Event)) (pipeline.Verdict, error) {
		for {
			f, err := src.Next(ctx)
			if errors.Is(err, io.EOF) {
				return pipeline.Verdict{Reasons: []pipeline.Reason{pipeline.SessionNoMedia}}, nil
			}
			if err != nil {
				return pipeline.Verdict{}, err
			}
			f.Release()
		}
	}, cam, nil)
	c, _ := r.sit()
	cam.frames <- grey(0)
	cam.gone <- io.EOF
	checkLastWords(t, c, StateDone, pipeline.SessionNoMedia, "", 1000)
}

func TestKioskPreview(t *testing.T) {
	cam := newFakeCamera()
	r := newKioskRig(t, untilDone, cam, nil)
	cam.film(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+r.address+"/v1/preview", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	kind, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/x-mixed-replace" || resp.Header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
		t.Fatalf("headers %v", resp.Header)
	}
	parts := multipart.NewReader(resp.Body, params["boundary"])
	for range 3 {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		picture, err := jpeg.Decode(part)
		if err != nil {
			t.Fatal(err)
		}
		// Studio black is 16; on a screen it must be 0.
		if y, _, _, _ := picture.At(3, 3).RGBA(); picture.Bounds().Dx() != 16 || picture.Bounds().Dy() != 10 || y>>8 > 2 {
			t.Errorf("picture %v, black is %d", picture.Bounds(), y>>8)
		}
	}
}

func TestKioskCameraIsOffWhenNobodyLooks(t *testing.T) {
	cam := newFakeCamera()
	r := newKioskRig(t, untilDone, cam, nil)
	if n := cam.opens(); n != 0 {
		t.Errorf("opened %d times before anybody looked", n)
	}
	c, _ := r.sit()
	cam.frames <- grey(0)
	expect[StateChange](c)
	c.send(Bye{})
	c.rest()
	select { // it sees that nobody looks at its next frame, if not before
	case cam.frames <- grey(1):
		<-cam.closed
	case <-cam.closed:
	}
	c, _ = r.sit()
	cam.frames <- grey(2)
	expect[StateChange](c)
	if n := cam.opens(); n != 2 {
		t.Errorf("opened %d times, want 2", n)
	}
}

func TestKioskAnswersItsOwnMachineOnly(t *testing.T) {
	cam := newFakeCamera()
	for _, tt := range []struct {
		host   string
		remote bool
		status int
	}{
		{"localhost:8081", false, 200}, {"127.0.0.1", false, 200}, {"[::1]:8081", false, 200},
		{"evil.example", false, 403}, {"127.0.0.1.evil.example:8081", false, 403}, {"evil.example", true, 200},
	} {
		t.Run(tt.host, func(t *testing.T) {
			r := newKioskRig(t, untilDone, cam, func(o *KioskOptions) { o.Remote = tt.remote })
			if resp := r.call("GET", "/kiosk.html", "", "Host", tt.host); resp.StatusCode != tt.status {
				t.Errorf("%s: %s, want %d", tt.host, resp.Status, tt.status)
			}
		})
	}
	for remote, want := range map[string]bool{"127.0.0.1:9": true, "[::1]:9": true, "[::ffff:127.0.0.1]:9": true, "192.0.2.1:9": false, "": false} {
		if got := loopback(remote); got != want {
			t.Errorf("loopback(%q) = %v", remote, got)
		}
	}
}

func TestKioskRootIsItsPage(t *testing.T) {
	r := newKioskRig(t, untilDone, newFakeCamera(), nil)
	resp := r.call("GET", "/", "")
	body, _ := io.ReadAll(resp.Body)
	if !bytes.Equal(body, []byte("kiosk")) {
		t.Errorf("root gives %s %q", resp.Status, body)
	}
}

// TestPreviewNeverHoldsUpTheCamera offers frames that nobody packs.
func TestPreviewNeverHoldsUpTheCamera(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPreview()
		p.offer(grey(0))
		if len(p.work) != 0 {
			t.Error("copied though nobody watches")
		}
		p.join()
		for i := range uint64(5) {
			p.offer(grey(i))
			time.Sleep(previewEvery)
		}
		if len(p.work) != 1 {
			t.Errorf("%d copies wait, want 1", len(p.work))
		}
		ctx, cancel := context.WithCancel(t.Context())
		go p.run(ctx)
		_, seen, err := p.next(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.offer(grey(9))
		if _, _, err := p.next(ctx, seen); err != nil {
			t.Fatal(err)
		}
		cancel()
		p.leave()
		if p.jpeg != nil {
			t.Error("the last watcher left a picture behind")
		}
	})
}

func TestPreviewOfAWideFrame(t *testing.T) {
	for _, tt := range []struct{ width, height, wantWidth, wantHeight int }{
		{640, 480, 640, 480}, {1280, 720, 640, 360}, {1920, 1080, 640, 360}, {801, 601, 400, 300}, {15, 9, 15, 9},
	} {
		var pool media.Pool
		f := pool.Get(tt.width, tt.height)
		for i := range f.Y { // brightness is the column
			f.Y[i] = byte(i % f.YStride * 200 / tt.width)
		}
		f.FullRange = true
		got := &shot{}
		got.take(f)
		if got.Rect != image.Rect(0, 0, tt.wantWidth, tt.wantHeight) {
			t.Errorf("%d×%d: preview is %v", tt.width, tt.height, got.Rect)
		}
		last := got.YCbCrAt(tt.wantWidth-1, tt.wantHeight-1).Y
		if first := got.YCbCrAt(0, tt.wantHeight-1).Y; first != 0 || last < 180 {
			t.Errorf("%d×%d: left is %d, right %d; want 0 and about 200", tt.width, tt.height, first, last)
		}
	}
}

func BenchmarkPreview(b *testing.B) {
	var pool media.Pool
	f := pool.Get(1280, 720)
	p := newPreview()
	c := <-p.free
	b.Run("copy", func(b *testing.B) { // while the camera waits
		b.ReportAllocs()
		for b.Loop() {
			c.take(f)
		}
	})
	b.Run("pack", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.pack(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
