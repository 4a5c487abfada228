// Package filetest writes small video files, so that tests need no recordings.
package filetest

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/asticode/go-astiav"

	"vivavoce/media"
	"vivavoce/media/codec"
)

// Clip describes a video to write.
type Clip struct {
	Codec         codec.Name // "" means VP8 in .webm and H264 elsewhere
	Width, Height int        // even; 0 means 160x120
	FPS           float64    // 0 means 25
	BitrateKbps   int        // 0 means 1000
	Frames        int
	// Draw paints frame i; nil gives [Pattern]. It may set f.PTS, for a variable
	// frame rate.
	Draw func(f *media.Frame, i int)
	// Turn is the clockwise angle in degrees that the file asks players to turn
	// its pictures by, as phones' files do. MP4 and MOV only.
	Turn float64
}

func (c Clip) withDefaults(path string) Clip {
	if c.Codec == "" {
		c.Codec = codec.H264
		if filepath.Ext(path) == ".webm" {
			c.Codec = codec.VP8
		}
	}
	if c.Width == 0 && c.Height == 0 {
		c.Width, c.Height = 160, 120
	}
	if c.FPS == 0 {
		c.FPS = 25
	}
	if c.Draw == nil {
		c.Draw = Pattern
	}
	return c
}

// Pattern fills the four quarters of a frame with known lumas, 60 (top left), 110
// (top right), 160 (bottom left) and 210, grey, and a bar that moves with i.
func Pattern(f *media.Frame, i int) {
	for y := range f.Height {
		row := f.Y[y*f.YStride:][:f.Width]
		for x := range row {
			row[x] = byte(60 + 50*(2*x/f.Width) + 100*(2*y/f.Height))
			if y == f.Height/2 && x < i%f.Width {
				row[x] = 16
			}
		}
	}
	for i := range f.Cb {
		f.Cb[i], f.Cr[i] = 128, 128
	}
}

// Write encodes the clip into a file whose ending names the container: .mp4, .mov,
// .mkv, .webm, .avi, .ts; .y4m is written raw.
func Write(path string, c Clip) error {
	c = c.withDefaults(path)
	if filepath.Ext(path) == ".y4m" {
		return writeY4M(path, c)
	}
	e, err := codec.NewEncoder(codec.EncoderOptions{
		Codec: c.Codec, Width: c.Width, Height: c.Height, FPS: c.FPS, BitrateKbps: c.BitrateKbps,
		Container: filepath.Ext(path) != ".ts",
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer e.Close()
	m, err := newMuxer(path, c, e)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer m.close()
	if err := c.frames(func(f *media.Frame) error { return e.Encode(f, f.Seq%25 == 0, m.write) }); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := e.Flush(m.write); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := m.format.WriteTrailer(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// frames draws the clip and lends each frame to do.
func (c Clip) frames(do func(*media.Frame) error) error {
	var pool media.Pool
	for i := range c.Frames {
		f := pool.Get(c.Width, c.Height)
		f.Seq, f.PTS = uint64(i), time.Duration(float64(i)/c.FPS*1e9)
		c.Draw(f, i)
		err := do(f)
		f.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func writeY4M(path string, c Clip) error {
	out, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer out.Close()
	fmt.Fprintf(out, "YUV4MPEG2 W%d H%d F%d:1000 Ip A1:1 C420jpeg\n", c.Width, c.Height, int(c.FPS*1000))
	err = c.frames(func(f *media.Frame) error {
		for _, b := range [][]byte{[]byte("FRAME\n"), f.Y, f.Cb, f.Cr} {
			if _, err := out.Write(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return out.Close()
}

// muxer writes one stream into a container.
type muxer struct {
	format *astiav.FormatContext
	out    *astiav.IOContext
	stream *astiav.Stream
	packet *astiav.Packet
}

func newMuxer(path string, c Clip, e *codec.Encoder) (*muxer, error) {
	format, err := astiav.AllocOutputFormatContext(nil, "", path)
	if err != nil {
		return nil, err
	}
	m := &muxer{format: format, packet: astiav.AllocPacket()}
	if err := m.begin(path, c, e); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

func (m *muxer) begin(path string, c Clip, e *codec.Encoder) error {
	p, err := e.Parameters()
	if err != nil {
		return err
	}
	defer p.Free()
	m.stream = m.format.NewStream(nil)
	if err := p.Copy(m.stream.CodecParameters()); err != nil {
		return err
	}
	m.stream.CodecParameters().SetCodecTag(0) // the container knows its own
	m.stream.SetTimeBase(astiav.NewRational(1, 1e6))
	m.stream.SetAvgFrameRate(astiav.NewRational(int(c.FPS*1000), 1000))
	if c.Turn != 0 {
		matrix := astiav.NewDisplayMatrixFromRotation(c.Turn)
		if err := m.stream.AddSideData(astiav.PacketSideDataTypeDisplaymatrix, matrix.Bytes()); err != nil {
			return err
		}
	}
	if m.out, err = astiav.OpenIOContext(path, astiav.NewIOContextFlags(astiav.IOContextFlagWrite)); err != nil {
		return err
	}
	m.format.SetPb(m.out)
	return m.format.WriteHeader(nil)
}

func (m *muxer) write(p codec.Packet) error {
	defer m.packet.Unref()
	if err := m.packet.FromData(p.Data); err != nil {
		return err
	}
	m.packet.SetStreamIndex(0)
	m.packet.SetPts(p.PTS.Microseconds())
	m.packet.SetDts(p.PTS.Microseconds())
	if p.Key {
		m.packet.SetFlags(astiav.NewPacketFlags(astiav.PacketFlagKey))
	}
	m.packet.RescaleTs(astiav.NewRational(1, 1e6), m.stream.TimeBase())
	return m.format.WriteInterleavedFrame(m.packet)
}

func (m *muxer) close() {
	m.packet.Free()
	if m.out != nil {
		_ = m.out.Close()
	}
	m.format.Free()
}
