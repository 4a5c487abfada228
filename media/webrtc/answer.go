package webrtc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"vivavoce/media/codec"
)

// minBitrate is what a Chromium sender is asked not to fall below, bit/s: less than
// the poorest link that a session can work over, so that it does not choke one.
const minBitrate = 100_000

// finishAnswer turns pion's answer into ours: codecs in our order, and bitrates.
// Chromium's estimator begins near 300 kbit/s; x-google-* in the fmtp of an answer
// make it begin higher. Measured with Chromium 156, a 640×480 camera and no network
// between (2026-11-21, 3 runs each): without, it sent 320×240 for the first 3.5 s
// and longer; with, 640×480 from the first frame, at a QP of 60 in the first half
// second, 18 (of 127) in the second. b= lines (RFC 8866 §5.8, RFC 3890) bound every
// browser.
func finishAnswer(answer string, start, most int) (string, error) {
	var d sdp.SessionDescription
	if err := d.UnmarshalString(answer); err != nil {
		return "", fmt.Errorf("read own answer: %w", err)
	}
	for _, m := range d.MediaDescriptions {
		if m.MediaName.Media != "video" {
			continue
		}
		names := formatNames(m)
		switch {
		case len(names) == 0:
			return "", ErrNoCodec
		case m.MediaName.Port.Value == 0: // pion wants every section bundled, as browsers do
			return "", fmt.Errorf("%w: video is not bundled", ErrBadSDP)
		}
		slices.SortStableFunc(m.MediaName.Formats, func(a, b string) int { return rank(names, m, a) - rank(names, m, b) })
		for pt := range names {
			hintBitrate(m, pt, start, most)
		}
		m.Bandwidth = []sdp.Bandwidth{
			{Type: "AS", Bandwidth: uint64(most / 1000)},
			{Experimental: false, Type: "TIAS", Bandwidth: uint64(most)},
		}
	}
	b, err := d.Marshal()
	if err != nil {
		return "", fmt.Errorf("write answer: %w", err)
	}
	return string(b), nil
}

// formatNames reads the payload types of codecs that carry pictures.
func formatNames(m *sdp.MediaDescription) map[string]codec.Name {
	names := map[string]codec.Name{}
	for _, a := range m.Attributes {
		pt, format, ok := strings.Cut(a.Value, " ")
		if a.Key != "rtpmap" || !ok {
			continue
		}
		kind, _, _ := strings.Cut(format, "/")
		for _, f := range videoFormats() {
			if strings.EqualFold(kind, string(f.name)) {
				names[pt] = f.name
			}
		}
	}
	return names
}

// rank orders formats as videoFormats does, each one's retransmissions after it.
func rank(names map[string]codec.Name, m *sdp.MediaDescription, pt string) int {
	formats := videoFormats()
	at := func(n codec.Name) int {
		return slices.IndexFunc(formats, func(f videoFormat) bool { return f.name == n })
	}
	if n, ok := names[pt]; ok {
		return 2 * at(n)
	}
	if line, ok := fmtp(m, pt); ok {
		if apt, found := strings.CutPrefix(line, "apt="); found {
			if n, ok := names[apt]; ok {
				return 2*at(n) + 1
			}
		}
	}
	return 2 * len(formats)
}

func fmtp(m *sdp.MediaDescription, pt string) (string, bool) {
	for _, a := range m.Attributes {
		if got, line, _ := strings.Cut(a.Value, " "); a.Key == "fmtp" && got == pt {
			return line, true
		}
	}
	return "", false
}

func hintBitrate(m *sdp.MediaDescription, pt string, start, most int) {
	kbit := func(n int) string { return strconv.Itoa(n / 1000) }
	hint := "x-google-min-bitrate=" + kbit(min(minBitrate, start)) +
		";x-google-start-bitrate=" + kbit(start) + ";x-google-max-bitrate=" + kbit(most)
	for i, a := range m.Attributes {
		if got, line, _ := strings.Cut(a.Value, " "); a.Key == "fmtp" && got == pt {
			m.Attributes[i].Value = pt + " " + line + ";" + hint
			return
		}
	}
	m.Attributes = append(m.Attributes, sdp.Attribute{Key: "fmtp", Value: pt + " " + hint})
}
