package camera

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/mediadevices/pkg/driver"
	_ "github.com/pion/mediadevices/pkg/driver/videotest" // registers "VideoTest"
	"github.com/pion/mediadevices/pkg/frame"
	"github.com/pion/mediadevices/pkg/io/video"
	"github.com/pion/mediadevices/pkg/prop"

	"vivavoce/media"
)

// pions is mediadevices' own test camera, kept here because discover clears the
// list that it registered itself in.
var pions = registered()

func findPions() []driver.Driver {
	return slices.DeleteFunc(slices.Clone(pions), func(d driver.Driver) bool { return d.Info().Label != "VideoTest" })
}

// fake is a camera of 25 frames a second that can be busy, silent, broken and
// unplugged.
type fake struct {
	mu      sync.Mutex
	format  prop.Media
	ratio   image.YCbCrSubsampleRatio
	opening error // what Open fails with
	record  error // what VideoRecord fails with
	reading error // what Read fails with
	damage  int   // so many reads fail with a decoder's error
	silent  bool  // Read waits an hour
	closed  int
}

func (c *fake) set(change func(*fake)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c)
}

func (c *fake) Open() error { c.mu.Lock(); defer c.mu.Unlock(); return c.opening }

func (c *fake) Close() error { c.set(func(c *fake) { c.closed++ }); return nil }

func (c *fake) Properties() []prop.Media {
	if c.format.Width == 0 {
		return nil
	}
	return []prop.Media{c.format}
}

func (c *fake) VideoRecord(p prop.Media) (video.Reader, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.record != nil {
		return nil, c.record
	}
	return video.ReaderFunc(func() (image.Image, func(), error) {
		c.mu.Lock()
		wait := 40 * time.Millisecond
		if c.silent {
			wait = time.Hour
		}
		c.mu.Unlock()
		time.Sleep(wait) // the camera's pace; in a synctest bubble
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.damage > 0 {
			c.damage--
			return nil, nil, errors.New("invalid JPEG format: short Huffman data")
		}
		if c.reading != nil {
			return nil, func() {}, c.reading
		}
		return image.NewYCbCr(image.Rect(0, 0, p.Width, p.Height), c.ratio), func() {}, nil
	}), nil
}

func working() *fake {
	return &fake{
		format: prop.Media{Video: prop.Video{Width: 64, Height: 48, FrameFormat: frame.FormatYUYV, FrameRate: 25}},
		ratio:  image.YCbCrSubsampleRatio422,
	}
}

// plugged registers cameras with mediadevices under the names cam0, cam1 … and
// /dev/video0, … and gives a finder of only them.
func plugged(t *testing.T, cameras ...driver.Adapter) finder {
	t.Helper()
	manager := driver.GetManager()
	var mine []driver.Driver
	for i, c := range cameras {
		unique := fmt.Sprintf("%s%p;video%d", t.Name(), c, i)
		info := driver.Info{Label: unique, Name: fmt.Sprintf("cam%d;usb-1", i), DeviceType: driver.Camera}
		if err := manager.Register(c, info); err != nil {
			t.Fatal(err)
		}
		d := manager.Query(func(d driver.Driver) bool { return d.Info().Label == unique })[0]
		t.Cleanup(func() { manager.Delete(d.ID()) })
		mine = append(mine, d)
	}
	return func() []driver.Driver { return slices.Clone(mine) }
}

func TestPionsTestCamera(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := open(Options{Device: "VideoTest"}, findPions)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for i := range 5 {
			f, err := s.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if f.Width != 640 || f.Height != 480 || f.Seq != uint64(i) || f.FullRange || f.Arrived.IsZero() {
				t.Errorf("frame %d: %dx%d seq %d full %v", i, f.Width, f.Height, f.Seq, f.FullRange)
			}
			if want := time.Duration(i) * time.Second / 30; (f.PTS - want).Abs() > time.Millisecond {
				t.Errorf("frame %d at %v, want %v", i, f.PTS, want)
			}
			// Its colour bars: 75 % white at the left, and the sixth, a blue.
			if y, cb := f.Y[100*f.YStride+10], f.Cb[50*f.CStride+5]; y != 176 || cb != 128 {
				t.Errorf("first bar Y %d Cb %d, want 176 128", y, cb)
			}
			if y, cr := f.Y[100*f.YStride+500], f.Cr[50*f.CStride+250]; y != 61 || cr != 240 {
				t.Errorf("sixth bar Y %d Cr %d, want 61 240", y, cr)
			}
			f.Release()
		}
	})
}

func TestOpenErrors(t *testing.T) {
	busyText := working() // webcam hides the errno in words here
	busyText.record = errors.New("Failed to map request buffers: " + syscall.EBUSY.Error())
	tests := []struct {
		name   string
		camera *fake
		device string
		want   error
	}{
		{"no camera", nil, "", ErrAbsent},
		{"another name", working(), "cam7", ErrAbsent},
		{"another path", working(), "/dev/video7", ErrAbsent},
		{"gone meanwhile", &fake{opening: syscall.ENOENT}, "", ErrAbsent},
		{"no device", &fake{opening: syscall.ENODEV}, "", ErrAbsent},
		{"busy at open", &fake{opening: syscall.EBUSY}, "", ErrBusy},
		{"busy at start", &fake{format: working().format, record: syscall.EBUSY}, "", ErrBusy},
		{"busy in words", busyText, "", ErrBusy},
		{"USB full", &fake{format: working().format, record: errors.New("Failed to start streaming: " + syscall.ENOSPC.Error())}, "", ErrBusy},
		{"denied", &fake{opening: syscall.EACCES}, "", ErrDenied},
		{"no picture formats", &fake{}, "", ErrAbsent},
		{"by name", working(), "cam0", nil},
		{"by part of a name", working(), "AM", nil},
		{"by path", working(), "/dev/video0", nil},
		{"first", working(), "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				find := plugged(t)
				if tt.camera != nil {
					find = plugged(t, tt.camera)
				}
				s, err := open(Options{Device: tt.device}, find)
				if err == nil {
					s.Close()
				}
				if !errors.Is(err, tt.want) {
					t.Errorf("err = %v, want %v", err, tt.want)
				}
				if tt.camera != nil && tt.camera.opening == nil && tt.want != ErrAbsent && tt.camera.closed != 1 {
					t.Errorf("driver closed %d times, want once", tt.camera.closed)
				}
			})
		})
	}
}

// The first that works: a camera's metadata node and a busy camera are passed over.
func TestFirstThatWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		find := plugged(t, &fake{opening: syscall.EBUSY}, &fake{}, working())
		s, err := open(Options{}, find)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if s.Name() != "cam2" {
			t.Errorf("opened %s, want cam2", s.Name())
		}
	})
}

func TestTwiceIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		find := plugged(t, working())
		s, err := open(Options{}, find)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := open(Options{}, find); !errors.Is(err, ErrBusy) {
			t.Errorf("second open: %v, %v; want ErrBusy", again, err)
		}
		s.Close()
		s.Close()
		s, err = open(Options{}, find)
		if err != nil {
			t.Fatalf("after Close: %v", err)
		}
		s.Close()
	})
}

func TestEnds(t *testing.T) {
	tests := []struct {
		name    string
		breaks  func(*fake)
		want    error
		damaged uint64
	}{
		{"device gone", func(c *fake) { c.reading = syscall.ENODEV }, ErrUnplugged, 0},
		{"bus error", func(c *fake) { c.reading = syscall.EIO }, ErrUnplugged, 0},
		{"end", func(c *fake) { c.reading = io.EOF }, ErrUnplugged, 0},
		{"time-out", func(c *fake) { c.reading = errors.New("read timeout") }, ErrUnplugged, 0},
		{"silent", func(c *fake) { c.silent = true }, ErrUnplugged, 0},
		{"some damage", func(c *fake) { c.damage = maxDamaged }, nil, maxDamaged},
		{"interrupted", func(c *fake) { c.reading = syscall.EINTR }, ErrUnplugged, maxDamaged},
		{"only damage", func(c *fake) { c.damage = 10 * maxDamaged }, ErrUnplugged, maxDamaged},
		{"odd layout", func(c *fake) { c.ratio = image.YCbCrSubsampleRatio444 }, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := working()
				s, err := open(Options{}, plugged(t, c))
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				next := func() error {
					f, err := s.Next(t.Context())
					f.Release()
					return err
				}
				if err := next(); err != nil {
					t.Fatal(err)
				}
				c.set(tt.breaks)
				began := time.Now()
				for range 10 {
					if err = next(); err != nil {
						break
					}
				}
				if !errors.Is(err, tt.want) {
					t.Errorf("err = %v, want %v", err, tt.want)
				}
				if took := time.Since(began); took > silence+time.Second {
					t.Errorf("told after %v, want %v at most", took, silence)
				}
				if s.Damaged() != tt.damaged {
					t.Errorf("Damaged = %d, want %d", s.Damaged(), tt.damaged)
				}
			})
		})
	}
}

func TestNextObeysContextAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := working()
		s, err := open(Options{}, plugged(t, c))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v, want the context's", err)
		}
		s.Close()
		for {
			f, err := s.Next(t.Context())
			f.Release()
			if err != nil {
				if !errors.Is(err, os.ErrClosed) {
					t.Errorf("err = %v, want ErrClosed", err)
				}
				break
			}
		}
		if c.closed != 1 {
			t.Errorf("driver closed %d times, want once", c.closed)
		}
	})
}

// A slow reader sees the newest frame.
func TestNewestWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := open(Options{}, plugged(t, working()))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		time.Sleep(time.Second + 10*time.Millisecond) // the bubble's clock
		f, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer f.Release()
		if f.Seq != 24 || s.Replaced() != 24 {
			t.Errorf("seq %d, %d replaced; want 24, 24", f.Seq, s.Replaced())
		}
	})
}

func TestKeepsGoing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := open(Options{}, plugged(t, working()))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for began := time.Now(); time.Since(began) < 4*silence; {
			f, err := s.Next(t.Context())
			if err != nil {
				t.Fatalf("after %v: %v", time.Since(began), err)
			}
			f.Release()
		}
	})
}

func TestMJPEGIsFullRange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := working()
		c.format.FrameFormat, c.ratio = frame.FormatMJPEG, image.YCbCrSubsampleRatio420
		s, err := open(Options{}, plugged(t, c))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if f, err := s.Next(t.Context()); err != nil || !f.FullRange {
			t.Errorf("frame %v, err %v; want full range", f, err)
		}
	})
}

// Unplugged, away, taken by another, back: each is told apart, and the same camera
// is had again.
func TestComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := working()
		find := plugged(t, c)
		for range 3 {
			s, err := open(Options{}, find)
			if err != nil {
				t.Fatal(err)
			}
			for range 5 {
				f, err := s.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				f.Release()
			}
			c.set(func(c *fake) { c.reading, c.opening = syscall.ENODEV, syscall.ENOENT })
			for err == nil {
				var f *media.Frame
				f, err = s.Next(t.Context())
				f.Release()
			}
			if !errors.Is(err, ErrUnplugged) {
				t.Errorf("pulled: err = %v, want ErrUnplugged", err)
			}
			s.Close()
			if _, err := open(Options{}, find); !errors.Is(err, ErrAbsent) {
				t.Errorf("away: err = %v, want ErrAbsent", err)
			}
			c.set(func(c *fake) { c.opening = syscall.EBUSY })
			if _, err := open(Options{}, find); !errors.Is(err, ErrBusy) {
				t.Errorf("taken: err = %v, want ErrBusy", err)
			}
			c.set(func(c *fake) { c.reading, c.opening = nil, nil })
		}
	})
}

func TestRefusesNonsense(t *testing.T) {
	for _, o := range []Options{{Width: -1}, {Height: -1}, {FPS: -1}} {
		if _, err := Open(o); err == nil {
			t.Errorf("Open(%+v) accepted", o)
		}
	}
}

// On this machine, whatever it has; on most servers nothing.
func TestRealCameras(t *testing.T) {
	devices := List()
	t.Logf("cameras here: %v", devices)
	if _, err := Open(Options{Device: "/dev/video-that-is-not"}); !errors.Is(err, ErrAbsent) {
		t.Errorf("err = %v, want ErrAbsent", err)
	}
	if len(devices) > 0 {
		return
	}
	if _, err := Open(Options{}); !errors.Is(err, ErrAbsent) {
		t.Errorf("err = %v, want ErrAbsent", err)
	}
}
