package webrtc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"
)

// Limits of an offer. Chromium 156 offers one video track in 4.6 kB and 130
// lines, and audio with it in 7 kB; the rest is room.
const (
	maxSDP        = 64 << 10
	maxSDPLines   = 2000
	maxCandidates = 64   // of a session, those within offers included
	maxCandidate  = 1024 // bytes; a browser's is 120 to 250
	maxSSRCLines  = 64   // two streams have four lines each
)

// checkOffer refuses what pion should not see and returns the offer without
// simulcast: one layer for one viewer. candidates counts those within.
func checkOffer(offer string, mayName func(candidate string) bool) (cleaned string, candidates int, err error) {
	if len(offer) > maxSDP {
		return "", 0, fmt.Errorf("%d bytes of SDP, at most %d: %w", len(offer), maxSDP, ErrTooLarge)
	}
	if n := strings.Count(offer, "\n"); n > maxSDPLines {
		return "", 0, fmt.Errorf("%d lines of SDP, at most %d: %w", n, maxSDPLines, ErrTooLarge)
	}
	var d sdp.SessionDescription
	if err := d.UnmarshalString(offer); err != nil {
		return "", 0, fmt.Errorf("%w: %w", ErrBadSDP, err)
	}
	if err := checkMedia(d.MediaDescriptions); err != nil {
		return "", 0, err
	}
	for _, m := range d.MediaDescriptions {
		if m.MediaName.Media == "video" && len(formatNames(m)) == 0 {
			return "", 0, ErrNoCodec
		}
		candidates += countAttributes(m.Attributes, "candidate")
		if n := countAttributes(m.Attributes, "ssrc"); n > maxSSRCLines {
			return "", 0, fmt.Errorf("%d ssrc lines, at most %d: %w", n, maxSSRCLines, ErrTooManyTracks)
		}
		m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool {
			return a.Key == "simulcast" || a.Key == "rid" || a.Key == "candidate" && !mayName(a.Value)
		})
	}
	d.Attributes = slices.DeleteFunc(d.Attributes, func(a sdp.Attribute) bool { return a.Key == "candidate" })
	if candidates > maxCandidates {
		return "", 0, fmt.Errorf("%d candidates in SDP, at most %d: %w", candidates, maxCandidates, ErrTooMany)
	}
	b, err := d.Marshal()
	if err != nil {
		return "", 0, fmt.Errorf("%w: %w", ErrBadSDP, err)
	}
	return string(b), candidates, nil
}

// checkMedia: exactly one video that sends, at most one audio, at most one data
// section, which is tolerated and never used.
func checkMedia(sections []*sdp.MediaDescription) error {
	counts := map[string]int{}
	sends := false
	for _, m := range sections {
		kind := m.MediaName.Media
		counts[kind]++
		if kind == "video" && offered(m) && sending(m) {
			sends = true
		}
		if kind != "video" && kind != "audio" && kind != "application" {
			return fmt.Errorf("media %.20q: %w", kind, ErrTooManyTracks)
		}
	}
	switch {
	case counts["video"] > 1 || counts["audio"] > 1 || counts["application"] > 1:
		return fmt.Errorf("%d video, %d audio and %d data sections, at most one each: %w",
			counts["video"], counts["audio"], counts["application"], ErrTooManyTracks)
	case !sends:
		return ErrNoVideo
	}
	return nil
}

// offered: port 0 refuses a section, but for one that rides on another's transport
// (RFC 9143 §6).
func offered(m *sdp.MediaDescription) bool {
	_, bundled := m.Attribute("bundle-only")
	return m.MediaName.Port.Value != 0 || bundled
}

// sending: without a direction a section is sendrecv (RFC 8866 §6.7).
func sending(m *sdp.MediaDescription) bool {
	_, recvonly := m.Attribute("recvonly")
	_, inactive := m.Attribute("inactive")
	return !recvonly && !inactive
}

func countAttributes(all []sdp.Attribute, key string) (n int) {
	for _, a := range all {
		if a.Key == key {
			n++
		}
	}
	return n
}
