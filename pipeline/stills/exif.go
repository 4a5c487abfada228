package stills

import (
	"bytes"
	"encoding/binary"
)

// Orientations of TIFF 6.0, p. 36: upright is 1, and from sideways on rows and columns change places.
const upright, sideways = 1, 5

// segments calls do for each segment of a JPEG before its picture, until do has had enough.
func segments(b []byte, do func(kind byte, body []byte) (enough bool)) {
	const scan, fill = 0xda, 0xff
	for b = b[2:]; len(b) >= 4 && b[0] == 0xff && b[1] != scan; {
		kind, n := b[1], int(binary.BigEndian.Uint16(b[2:]))
		if kind == fill {
			b = b[1:]
			continue
		}
		if n < 2 || len(b) < 2+n || do(kind, b[4:2+n]) {
			return
		}
		b = b[2+n:]
	}
}

// jpegOrientation finds the APP1 segment of EXIF (2.3 §4.5.4).
func jpegOrientation(b []byte) int {
	o := upright
	segments(b, func(kind byte, body []byte) bool {
		tiff, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00"))
		if ok = ok && kind == 0xe1; ok {
			o = orientation(tiff)
		}
		return ok
	})
	return o
}

// jpegProgressive says whether the frame is of the third kind (SOF2; ITU T.81 table B.1).
func jpegProgressive(b []byte) bool {
	progressive := false
	segments(b, func(kind byte, _ []byte) bool {
		progressive = progressive || kind == 0xc2
		return progressive
	})
	return progressive
}

// pngOrientation finds the chunk eXIf (PNG, third edition, §11.3.3.6).
func pngOrientation(b []byte) int {
	for b = b[8:]; len(b) >= 12; {
		n := int(binary.BigEndian.Uint32(b))
		if n < 0 || n > len(b)-12 {
			return upright
		}
		if string(b[4:8]) == "eXIf" {
			return orientation(b[8 : 8+n])
		}
		b = b[12+n:]
	}
	return upright
}

// webpOrientation finds the chunk EXIF (RFC 9649 §2.7.1.5). Some writers put JPEG's prefix before it.
func webpOrientation(b []byte) int {
	for b = b[12:]; len(b) >= 8; {
		n := int(binary.LittleEndian.Uint32(b[4:]))
		if n < 0 || n > len(b)-8 {
			return upright
		}
		if string(b[:4]) == "EXIF" {
			return orientation(bytes.TrimPrefix(b[8:8+n], []byte("Exif\x00\x00")))
		}
		b = b[min(8+n+n%2, len(b)):]
	}
	return upright
}

// orientation reads tag 0x0112 of the first directory of TIFF data; what cannot be read is upright.
func orientation(tiff []byte) int {
	if len(tiff) < 8 {
		return upright
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return upright
	}
	at := int64(order.Uint32(tiff[4:]))
	if at > int64(len(tiff)-2) {
		return upright
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return upright
		}
		const tag, short = 0x0112, 3
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short {
			if o := int(order.Uint16(entries[8:])); o >= upright && o <= 8 {
				return o
			}
			return upright
		}
		entries = entries[12:]
	}
	return upright
}
