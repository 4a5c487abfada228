package webrtc

import (
	"errors"
	"io"
	"time"

	"github.com/pion/rtcp"
	pion "github.com/pion/webrtc/v4"
)

// senderReports compares the two clocks in a track's sender reports (RFC 3550
// §6.4.1): that of the RTP timestamps against the sender's wall clock. A camera's
// differ by parts per million; a stream that is replayed or made at another pace
// gives itself away.
type senderReports struct {
	ssrc   uint32
	counts *counters                    // nil: not compared
	told   func(ntp uint64, rtp uint32) // nil for nobody

	started bool
	ntp     uint64 // of the first report, 32.32 bits of seconds
	rtp     uint32 // of the last
	ticks   int64  // of 1/90,000 s since the first
}

func (s *senderReports) take(r *rtcp.SenderReport) {
	if r.SSRC != s.ssrc {
		return
	}
	if s.told != nil {
		s.told(r.NTPTime, r.RTPTime)
	}
	if s.counts == nil {
		return
	}
	s.counts.reports.Add(1)
	if !s.started {
		s.started, s.ntp, s.rtp = true, r.NTPTime, r.RTPTime
		return
	}
	s.ticks += int64(int32(r.RTPTime - s.rtp))
	s.rtp = r.RTPTime
	s.counts.skew.Store(int64(ticks90k(s.ticks) - ntpSpan(r.NTPTime-s.ntp)))
}

// ntpSpan converts 32.32 bits of seconds, signed.
func ntpSpan(n uint64) time.Duration {
	whole, part := int64(n)>>32, n&(1<<32-1)
	return time.Duration(whole)*time.Second + time.Duration(part*uint64(time.Second)>>32)
}

// readRTCP reads a track's control packets, until the track ends: pion's
// interceptors see them in passing.
func readRTCP(r *pion.RTPReceiver, reports *senderReports) error {
	b := make([]byte, 1<<13)
	for failed := 0; failed <= maxReadErrors; {
		n, _, err := r.Read(b)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrClosedPipe):
			return nil
		case err != nil:
			failed++
			continue
		}
		failed = 0
		packets, err := rtcp.Unmarshal(b[:n])
		if err != nil {
			continue
		}
		for _, packet := range packets {
			if sr, ok := packet.(*rtcp.SenderReport); ok {
				reports.take(sr)
			}
		}
	}
	return nil
}
