package camera

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/pion/mediadevices/pkg/driver"
	"github.com/pion/mediadevices/pkg/driver/availability"
	v4l2 "github.com/pion/mediadevices/pkg/driver/camera"
	"github.com/pion/mediadevices/pkg/frame"
	"github.com/pion/mediadevices/pkg/prop"
)

// Device is a camera there is.
type Device struct {
	Path string // /dev/video0
	Name string // what it calls itself: "HD Webcam C270"; may be ""
}

// List gives the cameras there are now, the default one first.
func List() []Device { return list(discover) }

func list(find finder) []Device {
	var out []Device
	for _, d := range find() {
		out = append(out, Device{Path: pathOf(d), Name: nameOf(d)})
	}
	return out
}

// finder gives the drivers of the cameras there are now, the default one first.
type finder func() []driver.Driver

// discovering guards mediadevices' process-wide list of drivers, which looking for
// cameras clears and fills.
var discovering sync.Mutex

// discover looks again each time: a camera may have been plugged in.
func discover() []driver.Driver {
	discovering.Lock()
	defer discovering.Unlock()
	v4l2.Initialize()
	return registered()
}

// registered gives the cameras in mediadevices' list, in a stable order.
func registered() []driver.Driver {
	cameras := driver.GetManager().Query(driver.FilterAnd(
		driver.FilterVideoRecorder(), driver.FilterDeviceType(driver.Camera)))
	slices.SortFunc(cameras, func(a, b driver.Driver) int {
		return cmp.Or(cmp.Compare(b.Info().Priority, a.Info().Priority), // the higher first
			cmp.Compare(len(pathOf(a)), len(pathOf(b))), cmp.Compare(pathOf(a), pathOf(b)))
	})
	return cameras
}

// matching gives the cameras of that path, or with that in their name.
func matching(cameras []driver.Driver, device string) []driver.Driver {
	path := device
	if real, err := filepath.EvalSymlinks(device); err == nil {
		path = real
	}
	return slices.DeleteFunc(cameras, func(d driver.Driver) bool {
		return pathOf(d) != path && !strings.Contains(strings.ToLower(nameOf(d)), strings.ToLower(device))
	})
}

// pathOf reads the label "link;video0" of mediadevices' V4L2 driver.
func pathOf(d driver.Driver) string {
	_, node, ok := strings.Cut(d.Info().Label, v4l2.LabelSeparator)
	if !ok {
		return d.Info().Label
	}
	return "/dev/" + node
}

// nameOf reads the name "HD Webcam;usb-0000:00:14.0-1" likewise.
func nameOf(d driver.Driver) string {
	name, _, _ := strings.Cut(d.Info().Name, v4l2.LabelSeparator)
	if name == "" {
		return pathOf(d)
	}
	return name
}

// nearest picks the format that is closest in size, then fast enough, then cheapest
// to turn into I420. ok is false when there is none we read.
func nearest(formats []prop.Media, o Options) (best prop.Media, ok bool) {
	least := math.Inf(1)
	for _, f := range formats {
		work, known := workOf(f.FrameFormat)
		if !known || f.Width <= 0 || f.Height <= 0 {
			continue
		}
		// A size half as large costs as much as one twice as large; a missing
		// frame rate is a driver that does not tell, not one that is slow.
		size := math.Abs(math.Log2(float64(f.Width)/float64(o.Width))) +
			math.Abs(math.Log2(float64(f.Height)/float64(o.Height)))
		slow := 0.0
		if f.FrameRate > 0 {
			slow = max(0, math.Log2(o.FPS/float64(f.FrameRate)))
			slow += 0.01 * math.Abs(float64(f.FrameRate)-o.FPS) / o.FPS // no faster than asked
		}
		if cost := 4*size + 2*slow + work; cost < least {
			least, best, ok = cost, f, true
		}
	}
	return best, ok
}

// workOf ranks what it costs to read a format. A depth camera's Z16 is no picture.
func workOf(f frame.Format) (float64, bool) {
	switch f {
	case frame.FormatI420:
		return 0, true
	case frame.FormatYUYV, frame.FormatYUY2, frame.FormatUYVY:
		return 0.05, true
	case frame.FormatNV12, frame.FormatNV21: // mediadevices splits these sample by sample
		return 0.1, true
	case frame.FormatMJPEG: // about 5 ms for 640x480 in Go
		return 0.5, true
	}
	return 0, false
}

// told gives a driver's error our name; gone is what a missing device means here:
// ErrAbsent before the first frame, ErrUnplugged after. Some of webcam's errors are
// only text.
func told(err, gone error) error {
	var kernel syscall.Errno
	text := err.Error()
	name := gone
	switch {
	case errors.As(err, &kernel) && (kernel == syscall.EACCES || kernel == syscall.EPERM):
		name = ErrDenied
	case errors.Is(err, availability.ErrBusy), strings.Contains(text, syscall.EBUSY.Error()),
		strings.Contains(text, syscall.ENOSPC.Error()), // another camera has the USB bandwidth
		strings.Contains(text, "driver is already"):
		name = ErrBusy
	}
	return fmt.Errorf("%w: %w", name, err)
}
