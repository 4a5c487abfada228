package signaling

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzDecodePage holds that whatever a page sends is refused with a code or
// survives being written and read again.
func FuzzDecodePage(f *testing.F) {
	fuzzDecode(f, "page", DecodePage)
}

// FuzzDecodeServer is the same for clients in Go.
func FuzzDecodeServer(f *testing.F) {
	fuzzDecode(f, "server", DecodeServer)
}

// FuzzAsked holds that what an integrator asks is refused with a code or within its bounds.
func FuzzAsked(f *testing.F) {
	for _, seed := range []string{"", "null", "{}", `{"policy":"strict","challenge":{"digits":6,"turns":2,"lights":true},"metadata":{"a":"b"},"subject":"p","expires_in_s":60}`,
		`{"expires_in_s":9223372036854775807}`, `{"metadata":{"":""}}`, `{"METADATA":null}`, "{\"subject\":\"\xff\"}", `{}{}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := decodeAsked(body)
		if err != nil {
			if codeOf(err) != CodeBadRequest {
				t.Fatalf("err = %v, want bad_request", err)
			}
			return
		}
		if len(a.Metadata) > maxMetadata || len(a.Subject) > maxText || a.ExpiresInS < 0 || a.ExpiresInS > 3600 || a.ExpiresInS > 0 && a.ExpiresInS < 5 {
			t.Fatalf("%+v is taken", a)
		}
	})
}

func fuzzDecode(f *testing.F, folder string, decode func([]byte) (Message, error)) {
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.json"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no golden files: %v", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"v":1,"type":"candidate","candidate":"","sdp_mline_index":1e400}`))
	f.Add([]byte("{\"v\":1,\"type\":\"hello\",\"token\":\"\xff\xfe\"}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := decode(data)
		if err != nil {
			if codeOf(err) == "" || m != nil {
				t.Fatalf("message %v, err %v: want a coded error and no message", m, err)
			}
			return
		}
		out, err := Encode(m)
		if err != nil {
			t.Fatalf("encode %+v: %v", m, err)
		}
		if len(out) > MaxMessage {
			return // escapes may grow a message that was just below the limit
		}
		again, err := decode(out)
		if err != nil {
			t.Fatalf("decode what Encode wrote: %v", err)
		}
		// Bytes, because an empty list and an absent one are the same on the wire.
		if back, err := Encode(again); err != nil || !bytes.Equal(back, out) {
			t.Fatalf("again %s, %v; want %s", back, err, out)
		}
	})
}
