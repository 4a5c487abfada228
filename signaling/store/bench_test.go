package store

import (
	"strconv"
	"testing"
)

// BenchmarkBucket is what a call of ours costs in the server inside: a session's record has some 400 bytes.
func BenchmarkBucket(b *testing.B) {
	s := mustOpen(b, Options{Dir: b.TempDir()})
	records, err := OpenBucket[[]byte](b.Context(), s, "records", BucketOptions{MaxBytes: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	data, n := make([]byte, 300), 0
	for _, op := range []struct {
		name string
		do   func() error
	}{
		{"create", func() error { n++; return records.Create(b.Context(), strconv.Itoa(n), data) }},
		{"put", func() error { return records.Put(b.Context(), "1", data) }},
		{"get", func() error { _, _, err := records.Get(b.Context(), "1"); return err }},
		{"change", func() error { return records.Change(b.Context(), "1", func(*[]byte) {}) }},
	} {
		b.Run(op.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := op.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkKeep(b *testing.B) {
	s := mustOpen(b, Options{Dir: b.TempDir()})
	e, err := OpenEvents(b.Context(), s, EventsOptions{})
	if err != nil {
		b.Fatal(err)
	}
	data := []byte(`{"v":1,"type":"verdict","outcome":"live","confidence":93,"reasons":[]}`)
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Keep(b.Context(), "s_5gQ0bX2rT7uJ9mWc1kVzNw", "verdict", data); err != nil {
			b.Fatal(err)
		}
	}
}
