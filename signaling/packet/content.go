package packet

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// encode is what is sealed: the length of the JSON, the JSON, and the pictures one after the other.
func (p Packet) encode() ([]byte, error) {
	m := p.Meta
	m.Photo.Bytes = len(p.Photo)
	if len(m.Burst) != len(p.Burst) {
		return nil, errors.New("encode packet: as many shots as pictures are needed")
	}
	m.Burst = append([]Shot(nil), m.Burst...)
	for i, picture := range p.Burst {
		m.Burst[i].Bytes = len(picture)
	}
	meta, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode packet: %w", err)
	}
	plain := append(binary.BigEndian.AppendUint32(nil, uint32(len(meta))), meta...)
	plain = append(plain, p.Photo...)
	for _, picture := range p.Burst {
		plain = append(plain, picture...)
	}
	return plain, nil
}

// decode reads what was sealed. The pictures stay in plain's memory.
func decode(plain []byte) (Packet, error) {
	var p Packet
	bad := func(what string) (Packet, error) { return Packet{}, fmt.Errorf("%w inside: %s", ErrMalformed, what) }
	if len(plain) < 4 {
		return bad("cut short")
	}
	n := binary.BigEndian.Uint32(plain)
	rest := plain[4:]
	if n > maxMeta || int(n) > len(rest) {
		return bad("length of the JSON")
	}
	if err := readMeta(rest[:n], &p.Meta); err != nil {
		return bad(err.Error())
	}
	if err := p.Meta.check(); err != nil {
		return bad(err.Error())
	}
	rest = rest[n:]
	take := func(n int) (picture []byte, ok bool) {
		if n > len(rest) {
			return nil, false
		}
		picture, rest = rest[:n:n], rest[n:]
		return picture, true
	}
	var ok bool
	if p.Photo, ok = take(p.Meta.Photo.Bytes); !ok {
		return bad("photo cut short")
	}
	for _, shot := range p.Meta.Burst {
		picture, ok := take(shot.Bytes)
		if !ok {
			return bad("burst cut short")
		}
		p.Burst = append(p.Burst, picture)
	}
	if len(rest) != 0 {
		return bad("more after the last picture")
	}
	return p, nil
}

// readMeta takes one object with the known fields and nothing after it.
func readMeta(text []byte, m *Meta) error {
	if !utf8.Valid(text) {
		return errors.New("JSON is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return errors.New("JSON") // the decoder's words would put the client's own into a log
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more after the JSON")
	}
	return nil
}

// most bounds times and counts: a day of a stream, in ms and in frames at 240 a second.
const (
	mostMS     = 24 * 3600 * 1000
	mostFrames = mostMS * 240 / 1000
)

// maxTime is the year 2286 in Unix ms.
const maxTime = 1e13

// check refuses numbers and texts that no element writes. A burst that is short, or times that no camera
// gives, are not malformed: pipeline/burst judges them.
func (m *Meta) check() error {
	for _, f := range []struct {
		name string
		ok   bool
	}{
		{"nonce", len(m.Nonce) <= 128},
		{"made_at_ms", m.MadeAt >= 0 && m.MadeAt < maxTime},
		{"client", len(m.Client) > 0 && len(m.Client) <= 64},
		{"mode", m.Mode == "auto" || m.Mode == "manual"},
		{"external", len(m.External) <= maxExternal},
		{"camera", len(m.Camera.Label) <= 256 && len(m.Camera.Facing) <= 32 && within(m.Camera.FrameRate, 0, 1000) &&
			within(float64(m.Camera.Width), 0, 1<<16) && within(float64(m.Camera.Height), 0, 1<<16)},
		{"signs", len(m.Signs.Altered) <= 32},
		{"burst", len(m.Burst) <= maxBurst},
		{"photo", m.Photo.check(MaxPhoto) && m.Photo.Of >= 0 && m.Photo.Of <= maxBurst},
	} {
		if !f.ok {
			return errors.New(f.name)
		}
	}
	for _, name := range m.Signs.Altered {
		if len(name) > 64 {
			return errors.New("signs")
		}
	}
	for _, s := range m.Burst {
		if !s.check(maxPicture) || s.Of != 0 || !within(s.At, 0, mostMS) || !within(s.Media, 0, mostMS) || s.Frame < 0 || s.Frame > mostFrames {
			return errors.New("shot")
		}
	}
	return nil
}

func (p Picture) check(most int) bool {
	return p.Bytes > 0 && p.Bytes <= most && p.Width > 0 && p.Width <= maxSide && p.Height > 0 && p.Height <= maxSide
}

// within says no to what is not a number.
func within(v, least, most float64) bool { return v >= least && v <= most }
