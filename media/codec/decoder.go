package codec

import (
	"errors"
	"fmt"
	"strconv"
	"syscall"
	"time"

	"github.com/asticode/go-astiav"

	"vivavoce/media"
)

// maxParams bounds H.264 parameter sets that wait for their picture, in bytes.
const maxParams = 16 << 10

// errRange is dav1d's answer to a picture over max_pixels. FFmpeg's own decoders ask
// core.format instead.
const errRange = astiav.Error(-int(syscall.ERANGE))

// Decoder decodes one network stream: one thread, no delay, one picture out for
// each packet in. Damaged pictures are never emitted: a face behind concealed
// blocks is no evidence. Not for concurrent use.
type Decoder struct {
	name    Name
	core    core
	needKey bool
	params  []byte // H.264 parameter sets that came without a picture
}

// NewDecoder returns a decoder that waits for a key frame. Close it.
func NewDecoder(n Name, l Limits) (*Decoder, error) {
	l, err := l.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("new %s decoder: %w", n, err)
	}
	// FFmpeg's own VP8 and VP9 are as fast as libvpx and check their input
	// more; AV1 has no software decoder but these.
	names := map[Name]string{VP8: "vp8", VP9: "vp9", H264: "h264", AV1: "libdav1d"}
	found := astiav.FindDecoderByName(names[n])
	if names[n] == "" || found == nil {
		return nil, fmt.Errorf("new %s decoder: %w", n, ErrUnsupported)
	}
	d := &Decoder{name: n, needKey: true}
	if err := d.core.open(found, nil, l, 1); err != nil {
		return nil, fmt.Errorf("new %s decoder: %w", n, err)
	}
	return d, nil
}

// Close frees the decoder's memory. Emitted frames stay valid.
func (d *Decoder) Close() { d.core.close() }

// NeedKey makes the decoder drop packets up to the next key frame. Call it when
// packets were lost: most codecs cannot see the gap and would show ruins.
func (d *Decoder) NeedKey() { d.needKey = true }

// Decode reads one encoded picture and emits what it shows, with PTS and Seq set;
// Arrived is the caller's to fill in. emit owns the frame and must not call d.
//
// After ErrCorrupt or ErrLimit, and before the first key frame, packets that are
// not key are dropped with ErrKeyNeeded. data is not kept.
//
// SRTP vouches for each packet's bytes, so damage means packets that are missing.
// The caller must tell of those ([Decoder.NeedKey]): a VP8 picture without its last
// packets decodes to ruins without an error, since nothing marks its end.
func (d *Decoder) Decode(data []byte, pts time.Duration, emit func(*media.Frame)) error {
	if d.core.context == nil {
		return ErrClosed
	}
	if len(data) == 0 {
		return fmt.Errorf("decode %s: no bytes: %w", d.name, d.lost(ErrCorrupt))
	}
	if len(data) > maxPacket {
		return fmt.Errorf("decode %s: %d bytes: %w", d.name, len(data), d.lost(ErrCorrupt))
	}
	head := d.params
	if d.name == H264 {
		n := nalsOf(data)
		if !n.slice {
			return d.keep(data, n)
		}
		d.params = d.params[:0]
	}
	if d.needKey && !IsKey(d.name, data) {
		return ErrKeyNeeded
	}
	if err := d.core.decode(head, data, int64(pts), emit); err != nil {
		return fmt.Errorf("decode %s packet of %d bytes: %w", d.name, len(data), d.lost(err))
	}
	d.needKey = false
	return nil
}

func (d *Decoder) lost(err error) error {
	d.needKey = true
	return err
}

// keep holds parameter sets that came as an access unit of their own (some phones'
// encoders mark them with their own time) until the picture they are for.
func (d *Decoder) keep(data []byte, n nals) error {
	switch {
	case !n.params && n.other:
		return nil // delimiters and messages alone: nothing to show
	case !n.params:
		return fmt.Errorf("decode %s: no start code: %w", d.name, d.lost(ErrCorrupt))
	case len(d.params)+len(data) > maxParams:
		d.params = d.params[:0]
		return fmt.Errorf("decode %s: parameter sets without a picture: %w", d.name, d.lost(ErrCorrupt))
	}
	d.params = append(d.params, data...)
	return nil
}

// core is an open FFmpeg decoder with its packet, frame and picture pool.
type core struct {
	context  *astiav.CodecContext
	packet   *astiav.Packet
	frame    *astiav.Frame
	picture  picture
	seq      uint64
	oversize bool // FFmpeg asked for a size over the limits
}

// open starts FFmpeg's decoder c; params come from a container and may be nil.
func (k *core) open(c *astiav.Codec, params *astiav.CodecParameters, l Limits, threads int) error {
	Quiet()
	k.picture.limits = l
	k.context = astiav.AllocCodecContext(c)
	k.packet, k.frame = astiav.AllocPacket(), astiav.AllocFrame()
	if params != nil {
		if err := params.ToCodecContext(k.context); err != nil {
			k.close()
			return fmt.Errorf("take parameters: %w", err)
		}
	} else {
		k.context.SetFlags(k.context.Flags().Add(astiav.CodecContextFlagLowDelay))
	}
	k.context.SetThreadCount(threads)
	k.context.SetPixelFormatCallback(k.format)
	options := astiav.NewDictionary()
	defer options.Free()
	// Where FFmpeg does not ask format (dav1d), this is the bound.
	area := strconv.Itoa(l.MaxWidth * l.MaxHeight)
	if c.Name() == "libdav1d" {
		if err := options.Set("max_pixels", area, 0); err != nil {
			k.close()
			return fmt.Errorf("set max_pixels: %w", err)
		}
	}
	if err := k.context.Open(c, options); err != nil {
		k.close()
		return fmt.Errorf("open %s: %w", c.Name(), err)
	}
	return nil
}

func (k *core) close() {
	if k.context == nil {
		return
	}
	k.context.SetPixelFormatCallback(nil)
	k.context.Free()
	k.packet.Free()
	k.frame.Free()
	k.picture.close()
	k.context = nil
}

// format is FFmpeg's question once a stream's size is known, before it allocates:
// which of these formats? The last is the one in plain memory; none is a refusal.
func (k *core) format(offered []astiav.PixelFormat) astiav.PixelFormat {
	if len(offered) == 0 || !k.picture.limits.allow(k.context.Width(), k.context.Height()) {
		k.oversize = true
		return astiav.PixelFormatNone
	}
	return offered[len(offered)-1]
}

// decode sends head and data as one packet and emits what comes out.
func (k *core) decode(head, data []byte, pts int64, emit func(*media.Frame)) error {
	if err := k.packet.AllocPayload(len(head) + len(data)); err != nil {
		return fmt.Errorf("allocate packet: %w", err)
	}
	defer k.packet.Unref()
	payload := payloadOf(k.packet)
	copy(payload[copy(payload, head):], data)
	k.packet.SetPts(pts)
	k.packet.SetDts(astiav.NoPtsValue)
	return k.send(emit)
}

// send gives k.packet to FFmpeg. A packet may hold several pictures (VP9, AV1);
// FFmpeg then refuses the next one until they are fetched. Fetching only then, and
// once after sending, saves the error value that an empty fetch allocates.
func (k *core) send(emit func(*media.Frame)) error {
	const tries = 16 // more pictures than any packet may hold
	for range tries {
		err := k.context.SendPacket(k.packet)
		if err != nil && !errors.Is(err, astiav.ErrEagain) {
			return k.broken(err)
		}
		sent := err == nil
		if _, err := k.receive(emit); err != nil || sent {
			return err
		}
	}
	return fmt.Errorf("decoder takes no more: %w", ErrCorrupt)
}

// receive fetches at most one picture.
func (k *core) receive(emit func(*media.Frame)) (got bool, err error) {
	switch err := k.context.ReceiveFrame(k.frame); {
	case errors.Is(err, astiav.ErrEagain), errors.Is(err, astiav.ErrEof):
		return false, nil
	case err != nil:
		return false, k.broken(err)
	}
	defer k.frame.Unref()
	if damaged(k.frame) {
		return false, fmt.Errorf("picture with concealed parts: %w", ErrCorrupt)
	}
	f, err := k.picture.take(k.frame)
	if err != nil {
		return false, err
	}
	f.Seq = k.seq
	k.seq++
	f.PTS = timeOf(k.frame)
	emit(f)
	return true, nil
}

// broken maps FFmpeg's refusal of a packet to our sentinels.
func (k *core) broken(err error) error {
	if k.oversize || errors.Is(err, errRange) {
		k.oversize = false
		return fmt.Errorf("over %dx%d: %w", k.picture.limits.MaxWidth, k.picture.limits.MaxHeight, ErrLimit)
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}
