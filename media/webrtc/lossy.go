package webrtc

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
)

// lossyLink is the last thing before a publisher's network: it throws packets
// away and swaps them. The order of its choices is fixed by the seed.
type lossyLink struct {
	loss, swap   float64
	thrown, sent atomic.Uint64

	mu     sync.Mutex
	random *rand.Rand
	writer interceptor.RTPWriter // of the video stream
	held   *heldPacket           // to be sent after the next one
}

type heldPacket struct {
	header  rtp.Header
	payload []byte
}

func newLossyLink(o PublisherOptions) *lossyLink {
	return &lossyLink{loss: o.Loss, swap: o.Swap, random: rand.New(rand.NewPCG(o.Seed, 1))}
}

// NewInterceptor implements interceptor.Factory: a link is of one connection.
func (l *lossyLink) NewInterceptor(string) (interceptor.Interceptor, error) {
	return &lossyInterceptor{link: l}, nil
}

type lossyInterceptor struct {
	interceptor.NoOp
	link *lossyLink
}

// BindLocalStream implements interceptor.Interceptor.
func (i *lossyInterceptor) BindLocalStream(info *interceptor.StreamInfo, w interceptor.RTPWriter) interceptor.RTPWriter {
	if info.ClockRate != 90000 {
		return w
	}
	i.link.mu.Lock()
	i.link.writer = w
	i.link.mu.Unlock()
	return interceptor.RTPWriterFunc(i.link.write)
}

func (l *lossyLink) write(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.random.Float64() < l.loss {
		l.thrown.Add(1)
		return len(payload), nil
	}
	if l.held == nil && l.random.Float64() < l.swap {
		l.held = &heldPacket{h.Clone(), append([]byte(nil), payload...)}
		return len(payload), nil
	}
	n, err := l.send(h, payload, a)
	if held := l.held; held != nil && err == nil {
		l.held = nil
		_, err = l.send(&held.header, held.payload, a)
	}
	return n, err
}

func (l *lossyLink) send(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
	l.sent.Add(1)
	return l.writer.Write(h, payload, a)
}

// raw sends a packet past all choices.
func (l *lossyLink) raw(p *rtp.Packet) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writer == nil {
		return errors.New("write raw packet: not connected")
	}
	_, err := l.send(&p.Header, p.Payload, nil)
	return err
}
