package injection

import (
	"slices"
	"strings"

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

// known says what is known of the camera by its label. A browser that tells none is not checked.
func known(d pipeline.Device) part {
	if d.Label == "" {
		return part{}
	}
	p := part{checked: true}
	if VirtualCamera(d.Label) {
		p.hints = append(p.hints, pipeline.InjectionVirtualCamera)
	}
	return p
}

// VirtualCamera says whether a camera's label is that of a program.
func VirtualCamera(label string) bool {
	label = strings.ToLower(label)
	return slices.ContainsFunc(virtual(), func(v string) bool { return strings.Contains(label, v) })
}
