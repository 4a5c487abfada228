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
	swap         float64
	thrown, sent atomic.Uint64
	forgetful    atomic.Bool // retransmissions are thrown away

	mu     sync.Mutex
	loss   float64
	random *rand.Rand
	writer interceptor.RTPWriter // of the video stream
	ssrc   uint32                // of the video, retransmissions have another
	last   uint16                // sequence number sent last
	shift  uint16                // by how much sequence numbers are later than they were made
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
	i.link.writer, i.link.ssrc = w, info.SSRC
	i.link.mu.Unlock()
	return interceptor.RTPWriterFunc(i.link.write)
}

func (l *lossyLink) write(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h.SSRC == l.ssrc {
		h.SequenceNumber += l.shift
		l.last = h.SequenceNumber
	}
	again := l.forgetful.Load() && h.SSRC != l.ssrc
	if again || l.random.Float64() < l.loss {
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

func (l *lossyLink) setLoss(share float64) {
	l.mu.Lock()
	l.loss = share
	l.mu.Unlock()
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

// insert sends a packet with the stream's next sequence number; those of later
// packets move up. Retransmissions after it name the wrong packets.
func (l *lossyLink) insert(p *rtp.Packet) error {
	l.mu.Lock()
	l.shift++
	l.last++
	p.SequenceNumber, p.SSRC = l.last, l.ssrc
	l.mu.Unlock()
	return l.raw(p)
}
