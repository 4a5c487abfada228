package injection

import (
	"slices"
	"strings"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// virtual are parts of the labels that programs which put pictures in a camera's place give
// themselves: a video, a desktop, another face. Whoever wants to deceive renames them (v4l2loopback's
// card_label is an option), and honest people use some for their background: a hint. Programs that make a telephone
// a webcam are left out: what they show is a camera's.
func virtual() []string {
	return []string{
		"virtual", // OBS Virtual Camera, ManyCam Virtual Webcam, mmhmm, Unity Video Capture's kin
		"obs-camera", "obs camera",
		"manycam", "splitcam", "xsplit", "webcammax", "altercam", "youcam", "sparkocam", "e2esoft", "vcam",
		"chromacam", "snap camera", "deepfake", "facerig", "animaze", "avatarify",
		"v4l2loopback", "v4l2 loopback", "dummy video device", // v4l2loopback's own name for its devices
		"akvcam", "pyvirtualcam", "unity video capture", "ndi video", "screen capture",
		"fake", ".y4m", ".mjpeg", // Chromium's own: fake_device_0, or the file that it plays
	}
}

// Limits of what the track and the stream may differ by.
const (
	// deviceFrames is how many frames of the stream must have been seen with one description of the camera.
	deviceFrames = 60
	// rounded is by how many pixels a side may be larger: encoders want even ones. Browsers scale a camera's pictures down for
	// a poor line and never up; a telephone that is turned swaps the sides.
	rounded = 2
	// quicker is how many times as often as the camera a stream may have frames: getSettings tells what was agreed on, and
	// cameras keep to it by and by.
	quicker = 1.3
)

// device compares what the browser said of its camera with what came.
type device struct {
	said          pipeline.Device
	frames, large int // of them larger than the camera's
	first, last   int64
}

func (d *device) see(said pipeline.Device, f *media.Frame) {
	if said != d.said {
		*d = device{said: said}
	}
	if f.Link.Codec == "" || said == (pipeline.Device{}) {
		return
	}
	if d.frames == 0 {
		d.first = f.Link.Ticks
	}
	d.frames++
	d.last = f.Link.Ticks
	long, short := max(f.Width, f.Height), min(f.Width, f.Height)
	if long > max(said.Width, said.Height)+rounded || short > min(said.Width, said.Height)+rounded {
		d.large++
	}
}

// part says what is known of the camera by its label and its size and rate. A browser that tells nothing is not checked.
func (d *device) part() part {
	sized := d.said.Width > 0 && d.said.Height > 0 && d.frames >= deviceFrames
	rated := d.said.FrameRate > 0 && d.frames >= deviceFrames
	if d.said.Label == "" && !sized && !rated {
		return part{}
	}
	p := part{checked: true}
	if VirtualCamera(d.said.Label) {
		p.hints = append(p.hints, pipeline.InjectionVirtualCamera)
	}
	mismatch := sized && 2*d.large > d.frames // some may be of the camera before
	if rated && d.last > d.first {
		rate := float64(d.frames-1) * 1000 * ticksPerMS / float64(d.last-d.first)
		p.measure("frames_per_s", rate)
		mismatch = mismatch || rate > quicker*d.said.FrameRate
	}
	if mismatch {
		p.hints = append(p.hints, pipeline.InjectionOtherTrack)
	}
	return p
}

// VirtualCamera says whether a camera's label is that of a program.
func VirtualCamera(label string) bool {
	label = strings.ToLower(label)
	return slices.ContainsFunc(virtual(), func(v string) bool { return strings.Contains(label, v) })
}
