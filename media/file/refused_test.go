package file

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vivavoce/media/codec"
	"vivavoce/media/file/filetest"
)

func TestRefused(t *testing.T) {
	good := made(t, "good.mp4", filetest.Clip{Frames: 50, Turn: 90})
	bytesOf := func(path string) []byte {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	whole := bytesOf(good)
	noise := make([]byte, 50_000)
	for i := range noise {
		noise[i] = byte(i * i >> 3)
	}
	huge := made(t, "huge.y4m", filetest.Clip{Frames: 1, Width: 640, Height: 480})
	lying := bytes.Replace(bytesOf(huge), []byte("W640 H480"), []byte("W16000 H9000"), 1)
	tests := []struct {
		name string
		path string
		o    Options
		want error
	}{
		{"absent", filepath.Join(t.TempDir(), "nothing.mp4"), Options{}, ErrUnreadable},
		{"folder", t.TempDir(), Options{}, ErrUnreadable},
		{"device", "/dev/zero", Options{}, ErrUnreadable},
		{"url", "http://127.0.0.1:1/a.mp4", Options{}, ErrUnreadable},
		{"no bytes", put(t, "empty.mp4", nil), Options{}, ErrEmpty},
		{"text", put(t, "text.mp4", []byte(strings.Repeat("This is not a video.\n", 400))), Options{}, ErrUnreadable},
		{"noise", put(t, "noise.mp4", noise), Options{}, ErrUnreadable},
		{"index missing", put(t, "cut.mp4", whole[:len(whole)/2]), Options{}, ErrUnreadable},
		{"playlist", put(t, "list.m3u8", []byte("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n"+good+"\n")), Options{}, ErrUnreadable},
		{"concat", put(t, "list.ffconcat", []byte("ffconcat version 1.0\nfile '"+good+"'\n")), Options{}, ErrUnreadable},
		{"sound only", put(t, "sound.mp4", wav()), Options{}, ErrNoVideo},
		{"sound with a cover", put(t, "song.mp3", song(t)), Options{}, ErrNoVideo},
		{"bytes", good, Options{MaxBytes: 100}, ErrTooLarge},
		{"width", good, Options{MaxWidth: 119}, ErrTooLarge},
		{"height", good, Options{MaxHeight: 159}, ErrTooLarge},
		{"as shown", good, Options{MaxWidth: 120, MaxHeight: 160}, nil},
		{"lying size", put(t, "lying.y4m", lying), Options{}, ErrTooLarge},
		{"time", good, Options{MaxDuration: time.Second}, ErrTooLong},
		{"nonsense", good, Options{MaxBytes: -1}, errors.ErrUnsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Open(tt.path, tt.o)
			if err == nil {
				s.Close()
			}
			if tt.want == errors.ErrUnsupported { // any error
				if err == nil {
					t.Error("accepted")
				}
				return
			}
			if !errors.Is(err, tt.want) || (err != nil && strings.Count(err.Error(), tt.want.Error()) != 1) {
				t.Errorf("err = %v, want %v, said once", err, tt.want)
			}
			if err != nil {
				t.Log(err)
			}
		})
	}
}

// A file may claim to be short and not be.
func TestTooLongWhilePlaying(t *testing.T) {
	path := made(t, "long.ts", filetest.Clip{Frames: 100})
	s := open(t, path, Options{MaxDuration: 4 * time.Second})
	s.options.MaxDuration = time.Second // as if the container had lied in Open
	frames, err := drain(t, s, 200)
	if !errors.Is(err, ErrTooLong) || len(frames) != 26 {
		t.Errorf("%d frames, then %v; want 26, ErrTooLong", len(frames), err)
	}
	if _, again := s.Next(t.Context()); !errors.Is(again, ErrTooLong) {
		t.Errorf("the next Next: %v, want ErrTooLong again", again)
	}
}

// What lies before the cut is given, then the cut is told.
func TestCutShort(t *testing.T) {
	whole, err := os.ReadFile(made(t, "whole.mp4", filetest.Clip{Frames: 60, Width: 320, Height: 240}))
	if err != nil {
		t.Fatal(err)
	}
	front := faststart(t, whole)
	frames, err := drain(t, open(t, put(t, "front.mp4", front), Options{}), 100)
	if err != io.EOF || len(frames) != 60 {
		t.Fatalf("whole: %d frames, then %v", len(frames), err)
	}
	frames, err = drain(t, open(t, put(t, "cut.mp4", front[:len(front)*2/3]), Options{}), 100)
	if !errors.Is(err, ErrUnreadable) || len(frames) < 10 || len(frames) > 58 {
		t.Errorf("%d frames, then %v; want some, ErrUnreadable", len(frames), err)
	}
}

// Damage inside costs pictures, not the file.
func TestDamaged(t *testing.T) {
	path := made(t, "a.mkv", filetest.Clip{Frames: 50, Codec: codec.H264, Width: 320, Height: 240})
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) / 3; i < len(b)/3+200; i++ {
		b[i] ^= 0x5a
	}
	s := open(t, put(t, "damaged.mkv", b), Options{})
	frames, err := drain(t, s, 100)
	if err != io.EOF || len(frames) < 20 || len(frames) == 50 {
		t.Errorf("%d frames, %d damaged, then %v; want most of 50, EOF", len(frames), s.Damaged(), err)
	}
	if s.Damaged() == 0 {
		t.Error("Damaged = 0 for a damaged file")
	}
}

// wav is one second of silence.
func wav() []byte {
	data := make([]byte, 16000)
	b := []byte("RIFF....WAVEfmt ")
	binary.LittleEndian.PutUint32(b[4:], uint32(36+len(data)))
	for _, v := range []uint32{16, 1 | 1<<16, 8000, 16000, 2 | 16<<16} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), uint32(len(data)))
	return append(b, data...)
}

// song is silent MP3 with a cover in its ID3 tag.
func song(t *testing.T) []byte {
	var cover bytes.Buffer
	picture := image.NewGray(image.Rect(0, 0, 64, 64))
	picture.Set(3, 3, color.White)
	if err := jpeg.Encode(&cover, picture, nil); err != nil {
		t.Fatal(err)
	}
	body := append([]byte("\x00image/jpeg\x00\x03\x00"), cover.Bytes()...)
	frame := binary.BigEndian.AppendUint32([]byte("APIC"), uint32(len(body)))
	frame = append(append(frame, 0, 0), body...)
	n := len(frame)
	b := append([]byte("ID3\x03\x00\x00"), byte(n>>21&127), byte(n>>14&127), byte(n>>7&127), byte(n&127))
	b = append(b, frame...)
	for range 50 { // MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes
		b = append(append(b, 0xff, 0xfb, 0x90, 0x64), make([]byte, 413)...)
	}
	return b
}

// faststart moves an MP4's index (moov) before its samples (mdat), as uploads of
// phones and web pages have it.
func faststart(t *testing.T, b []byte) []byte {
	t.Helper()
	var head, samples, index []byte
	for at := 0; at+8 <= len(b); {
		size := int(binary.BigEndian.Uint32(b[at:]))
		if size < 8 || at+size > len(b) {
			t.Fatalf("box of %d bytes at %d", size, at)
		}
		switch box := b[at : at+size]; string(box[4:8]) {
		case "mdat":
			samples = append(samples, box...)
		case "moov":
			index = append(index, box...)
		case "ftyp":
			head = append(head, box...)
		}
		at += size
	}
	was := bytes.Index(b, []byte("mdat")) - 4
	shift := len(head) + len(index) - was
	at := bytes.Index(index, []byte("stco"))
	if at < 0 {
		t.Fatal("no chunk offsets")
	}
	for i := range int(binary.BigEndian.Uint32(index[at+8:])) {
		offset := index[at+12+4*i:]
		binary.BigEndian.PutUint32(offset, binary.BigEndian.Uint32(offset)+uint32(shift))
	}
	return append(append(head, index...), samples...)
}
