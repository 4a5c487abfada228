package store

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/nats-io/nats.go/jetstream"
)

// chunkBytes is the size of what a video is stored in: eight times as much is the most that NATS takes in one
// message.
const chunkBytes = 128 << 10

// chunksOf is the subject of a video's chunks.
func (v *Videos) chunksOf(video string) string { return v.subject + ".chunks." + video }

// upload stores a video and counts its chunks. One after the other: jetstream's object store, which sends several
// at once, leaves a goroutine behind now and then (v1.55.0, cleanupReplySub before resetPendingAcksOnReconnect has begun).
func (v *Videos) upload(ctx context.Context, name string, video io.Reader) (chunks int, err error) {
	if err := v.store.room(); err != nil {
		return 0, fmt.Errorf("store the video: %w", err)
	}
	chunk := make([]byte, chunkBytes)
	for {
		n, err := fill(video, chunk)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err // the caller's own, as it was
		}
		if n > 0 {
			if err := v.publish(ctx, v.chunksOf(name), chunk[:n]); err != nil {
				return 0, told("store the video", err)
			}
			chunks++
		}
		if err != nil {
			return chunks, nil
		}
	}
}

// fill is io.ReadFull, but for a reader's own io.ErrUnexpectedEOF: that is of a video that was cut.
func fill(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var more int
		more, err = r.Read(p[n:])
		n += more
	}
	return n, err
}

// fetch writes a video to w.
func (v *Videos) fetch(ctx context.Context, j job, w io.Writer) error {
	next := uint64(1)
	for range j.Chunks {
		m, err := v.chunk(ctx, j.Video, next)
		if err != nil {
			return told("get a chunk", err)
		}
		if _, err := w.Write(m.Data); err != nil {
			return err
		}
		next = m.Sequence + 1
	}
	return nil
}

func (v *Videos) chunk(ctx context.Context, video string, from uint64) (*jetstream.RawStreamMsg, error) {
	ctx, stop := v.store.bounded(ctx)
	defer stop()
	return v.chunks.GetMsg(ctx, from, jetstream.WithGetMsgSubject(v.chunksOf(video)))
}

func (v *Videos) publish(ctx context.Context, subject string, data []byte) error {
	ctx, stop := v.store.bounded(ctx)
	defer stop()
	_, err := v.store.js.Publish(ctx, subject, data)
	return err
}

// forget deletes a video, also when ctx is over. What cannot be deleted now dies of age.
func (v *Videos) forget(ctx context.Context, name string) {
	ctx, stop := v.store.bounded(context.WithoutCancel(ctx))
	defer stop()
	if err := v.chunks.Purge(ctx, jetstream.WithPurgeSubject(v.chunksOf(name))); err != nil {
		v.store.o.Logger.Warn("video not deleted", "err", err)
	}
}
