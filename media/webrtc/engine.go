package webrtc

import (
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"vivavoce/media/codec"
)

// Options say where the engine listens and what one peer may do.
type Options struct {
	// UDPPort and TCPPort carry all media. 0 takes a free one, which
	// Engine.UDPPort and TCPPort tell; -1 does without.
	UDPPort, TCPPort int
	// Addresses to listen on; none means those of every interface that is up
	// when the engine is made.
	Addresses []netip.Addr
	// PublicIPs are told to browsers besides the addresses that the machine has:
	// those of a 1:1 NAT before it.
	PublicIPs []netip.Addr
	// Loopback also offers 127.0.0.1 and ::1, for a browser on this machine.
	Loopback bool

	MaxWidth, MaxHeight int // of a picture, luma samples; 0 means 1280
	MaxBitrate          int // bit/s that a peer may send; 0 means 8,000,000
	// MaxFrames and MaxSamples are what a peer may have decoded, frames/s and luma
	// samples/s, a second's worth at once; 0 means 60 and 40,000,000 (1280×960 at
	// 30 fps, 1280×720 at 43). A VP8 frame of 122 bytes that repeats the last one
	// takes 13 ms of a core at 1920×1920: bits bound nothing.
	MaxFrames, MaxSamples int
	// StartBitrate is what a browser is asked to begin with, and SendBitrate
	// what it is asked not to exceed, bit/s; 0 means 1,000,000 and 1,200,000: a
	// face at 640×480 gains little above, and decoding costs by the bit.
	StartBitrate, SendBitrate int

	// Microphone lets a peer be heard, too: a sound track of its rides on the frames.
	// Without it one is read and thrown away.
	Microphone bool

	Connect time.Duration // without a first packet after Run began: ErrNoMedia; 0 means 15s
	NoMedia time.Duration // without a further packet: ErrNoMedia; 0 means 5s
	Stall   time.Duration // the same: StateStalled; 0 means 2s
	// ICEDisconnected and ICEFailed are how long ICE hears nothing before it says
	// so; 0 means 5s and, after those, 25s.
	ICEDisconnected, ICEFailed time.Duration

	// NewDecoder makes decoders; nil means codec.NewDecoder within the limits.
	NewDecoder func(codec.Name) (Decoder, error)
	// Count is told what the peers' counters grew by, by the names of Stats.Each,
	// about once a second and when a peer ends, from any goroutine; nil for none.
	Count  func(name string, n uint64)
	Logger *slog.Logger // nil discards
}

func (o Options) withDefaults() (Options, error) {
	set(&o.MaxWidth, 1280)
	set(&o.MaxHeight, 1280)
	set(&o.MaxFrames, 60)
	set(&o.MaxSamples, 40_000_000)
	set(&o.MaxBitrate, 8_000_000)
	set(&o.StartBitrate, 1_000_000)
	set(&o.SendBitrate, 1_200_000)
	set(&o.Connect, 15*time.Second)
	set(&o.NoMedia, 5*time.Second)
	set(&o.Stall, 2*time.Second)
	set(&o.ICEDisconnected, 5*time.Second)
	set(&o.ICEFailed, 25*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Count == nil {
		o.Count = func(string, uint64) {}
	}
	if o.NewDecoder == nil {
		limits := codec.Limits{MaxWidth: o.MaxWidth, MaxHeight: o.MaxHeight}
		o.NewDecoder = func(n codec.Name) (Decoder, error) { return codec.NewDecoder(n, limits) }
	}
	switch {
	case o.UDPPort < -1 || o.UDPPort > 65535 || o.TCPPort < -1 || o.TCPPort > 65535:
		return o, fmt.Errorf("ports %d and %d: want -1 to 65535", o.UDPPort, o.TCPPort)
	case o.UDPPort == -1 && o.TCPPort == -1:
		return o, fmt.Errorf("neither a UDP nor a TCP port")
	case o.MaxBitrate < 0 || o.StartBitrate < 0 || o.SendBitrate < o.StartBitrate || o.SendBitrate > o.MaxBitrate:
		return o, fmt.Errorf("bitrates start %d, send %d, most %d: want them rising", o.StartBitrate, o.SendBitrate, o.MaxBitrate)
	case o.MaxFrames < 0 || o.MaxSamples < 0:
		return o, fmt.Errorf("%d frames/s of %d samples/s: want neither negative", o.MaxFrames, o.MaxSamples)
	case o.Connect < 0 || o.NoMedia < 0 || o.Stall < 0 || o.ICEDisconnected < 0 || o.ICEFailed < 0:
		return o, fmt.Errorf("a time limit is negative")
	}
	return o, nil
}

func set[T comparable](v *T, byDefault T) {
	var zero T
	if *v == zero {
		*v = byDefault
	}
}

// Engine listens for the media of all peers of the process.
type Engine struct {
	options Options
	ports   *ports
	log     pionLog

	mu     sync.Mutex
	closed bool
	peers  map[*Peer]struct{}
}

// NewEngine opens the ports. Close it.
func NewEngine(o Options) (*Engine, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("new media engine: %w", err)
	}
	addrs := o.Addresses
	if len(addrs) == 0 {
		if addrs, err = localAddrs(o.Loopback); err != nil {
			return nil, fmt.Errorf("new media engine: %w", err)
		}
	}
	log := pionLog{o.Logger}
	p, err := openPorts(o, addrs, log.NewLogger("ice"))
	if err != nil {
		return nil, fmt.Errorf("new media engine: %w", err)
	}
	return &Engine{options: o, ports: p, log: log, peers: map[*Peer]struct{}{}}, nil
}

// UDPPort is the port that media comes to, 0 without one.
func (e *Engine) UDPPort() int { return e.ports.udpPort }

// TCPPort is the port for networks that let no UDP through, 0 without one.
func (e *Engine) TCPPort() int { return e.ports.tcpPort }

// Close closes every peer, then the ports. A Run under way returns ErrClosed.
func (e *Engine) Close() error {
	e.mu.Lock()
	again := e.closed
	e.closed = true
	peers := make([]*Peer, 0, len(e.peers))
	for p := range e.peers {
		peers = append(peers, p)
	}
	e.mu.Unlock()
	for _, p := range peers {
		p.Close()
	}
	if again {
		return nil
	}
	if err := e.ports.close(); err != nil {
		return fmt.Errorf("close media ports: %w", err)
	}
	return nil
}

func (e *Engine) forget(p *Peer) {
	e.mu.Lock()
	delete(e.peers, p)
	e.mu.Unlock()
}
