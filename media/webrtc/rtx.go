package webrtc

import (
	"time"

	"github.com/pion/interceptor"
	pion "github.com/pion/webrtc/v4"
)

// rtxTap takes retransmissions where pion reads them. pion would hand them on
// with the track's next packet, which after the last packet of a frame is a
// frame later.
type rtxTap struct{ peer *Peer }

// NewInterceptor implements interceptor.Factory.
func (t rtxTap) NewInterceptor(string) (interceptor.Interceptor, error) {
	return &rtxInterceptor{peer: t.peer}, nil
}

type rtxInterceptor struct {
	interceptor.NoOp
	peer *Peer
}

// BindRemoteStream implements interceptor.Interceptor. What is read from a
// retransmission stream goes to the peer's intake; pion skips an empty packet.
func (r *rtxInterceptor) BindRemoteStream(info *interceptor.StreamInfo, reader interceptor.RTPReader) interceptor.RTPReader {
	if info.MimeType != pion.MimeTypeRTX {
		return reader
	}
	return interceptor.RTPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		n, a, err := reader.Read(b, a)
		if err != nil {
			return n, a, err
		}
		if in := r.peer.intake.Load(); in != nil {
			in.pushRTX(b[:n], time.Now())
		}
		return 0, a, nil
	})
}
