package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// VideosOptions bound the queue of uploaded videos.
type VideosOptions struct {
	Waiting  int           // videos at once, those being judged included; 0 is 32
	MaxBytes int64         // of all videos together; 0 is 1 GiB
	Life     time.Duration // of a video: nobody waits longer; 0 is 5 min
	Turn     time.Duration // a worker that is silent for so long has died; 0 is 15 s
	Tries    int           // workers that may die over one video before it is given up; 0 is 3
	TempDir  string        // where workers put the file; "" is the system's
}

func (o *VideosOptions) fill() {
	if o.Waiting == 0 {
		o.Waiting = 32
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 1 << 30
	}
	if o.Life == 0 {
		o.Life = 5 * time.Minute
	}
	if o.Turn == 0 {
		o.Turn = 15 * time.Second
	}
	if o.Tries == 0 {
		o.Tries = 3
	}
}

// ErrPoison says that every worker that took a video failed.
var ErrPoison = errors.New("no worker could finish the video")

// Videos is a work queue: any node's worker takes a video, judges it and answers the
// node whose caller waits. A video is deleted as soon as it is answered or given up.
type Videos struct {
	store    *Store
	o        VideosOptions
	subject  string
	chunks   jetstream.Stream
	consumer jetstream.Consumer
}

// OpenVideos makes the queue, or changes its bounds.
func OpenVideos(ctx context.Context, s *Store, o VideosOptions) (*Videos, error) {
	o.fill()
	v := &Videos{store: s, o: o, subject: s.o.Name + ".videos"}
	ctx, stop := s.bounded(ctx)
	defer stop()
	name := s.o.Name + "_videos"
	stream, err := s.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: name, Subjects: []string{v.subject}, Retention: jetstream.WorkQueuePolicy,
		MaxMsgs: int64(o.Waiting), MaxBytes: 1 << 20, MaxMsgSize: 4096, MaxAge: o.Life, Discard: jetstream.DiscardNew,
	})
	if err != nil {
		return nil, told("open videos", err)
	}
	if v.consumer, err = stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: "workers", AckPolicy: jetstream.AckExplicitPolicy, AckWait: o.Turn,
	}); err != nil {
		return nil, told("open videos", err)
	}
	v.chunks, err = s.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: name + "_chunks", Subjects: []string{v.chunksOf("*")}, MaxBytes: o.MaxBytes, MaxAge: o.Life,
		Discard: jetstream.DiscardNew, AllowDirect: true,
	})
	return v, told("open videos", err)
}

// job is a video's message in the queue.
type job struct {
	Video  string    `json:"video"`
	Chunks int       `json:"chunks"`
	What   []byte    `json:"what"`
	Answer string    `json:"answer"` // subject that the caller waits on
	Until  time.Time `json:"until"`  // the caller has gone by then
}

// reply is what a worker sends.
type reply struct {
	Answer []byte `json:"answer,omitempty"`
	Poison bool   `json:"poison,omitempty"`
}

// Judge puts a video and what to do with it (at most 2 kB) into the queue and waits for a worker's
// answer, until ctx ends. Its errors are those of reading the video, [ErrFull], [ErrPoison],
// [ErrUnavailable] and ctx's.
func (v *Videos) Judge(ctx context.Context, what []byte, video io.Reader) ([]byte, error) {
	ctx, stop := context.WithTimeout(ctx, v.o.Life)
	defer stop()
	name := nuid.Next()
	defer v.forget(ctx, name)
	chunks, err := v.upload(ctx, name, video)
	if err != nil {
		return nil, err
	}
	sub, err := v.store.conn.SubscribeSync(nats.NewInbox())
	if err != nil {
		return nil, told("wait for an answer", err)
	}
	defer func() { _ = sub.Unsubscribe() }() // an error means that the connection is closed
	until, _ := ctx.Deadline()
	if err := v.enqueue(ctx, job{name, chunks, what, sub.Subject, until}); err != nil {
		return nil, err
	}
	m, err := sub.NextMsgWithContext(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("wait for an answer: %w", ctx.Err())
		}
		return nil, told("wait for an answer", err)
	}
	var r reply
	if err := json.Unmarshal(m.Data, &r); err != nil {
		return nil, fmt.Errorf("read an answer: %w", err)
	}
	if r.Poison {
		return nil, ErrPoison
	}
	return r.Answer, nil
}

func (v *Videos) enqueue(ctx context.Context, j job) error {
	data, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("enqueue the video: %w", err)
	}
	return told("enqueue the video", v.publish(ctx, v.subject, data))
}

// Worker judges the video in a file and gives the answer. An error, or its own death, gives
// the video to another worker, until there were too many.
type Worker func(ctx context.Context, what []byte, path string) ([]byte, error)

// Work takes videos, so many at once, until ctx ends.
func (v *Videos) Work(ctx context.Context, workers int, do Worker) error {
	var all sync.WaitGroup
	for range workers {
		all.Go(func() { v.workOne(ctx, do) })
	}
	all.Wait()
	return nil
}

// workOne takes one video after the other.
func (v *Videos) workOne(ctx context.Context, do Worker) {
	const pause = 500 * time.Millisecond // before a lost store is asked again
	for ctx.Err() == nil {
		batch, err := v.consumer.Fetch(1, jetstream.FetchContext(ctx))
		if err == nil {
			for m := range batch.Messages() {
				v.take(ctx, m, do)
			}
			err = batch.Error()
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, nats.ErrTimeout) {
			v.store.o.Logger.Warn("no videos can be taken", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}
}

// take does one job. The queue hears of it while it lasts, so that nobody else takes it.
func (v *Videos) take(ctx context.Context, m jetstream.Msg, do Worker) {
	log := v.store.o.Logger
	var j job
	meta, err := m.Metadata()
	if err != nil || json.Unmarshal(m.Data(), &j) != nil || time.Now().After(j.Until) {
		settle(log, m.Term()) // nobody waits for it
		return
	}
	if int(meta.NumDelivered) > v.o.Tries {
		log.Error("video given up", "tries", v.o.Tries)
		v.answer(j, reply{Poison: true})
		settle(log, m.Term())
		return
	}
	ctx, stop := context.WithDeadline(ctx, j.Until)
	defer stop()
	var beating sync.WaitGroup
	beating.Go(func() { v.beat(ctx, m) })
	answer, err := v.work(ctx, j, do)
	stop()
	beating.Wait()
	switch {
	case err == nil:
		v.answer(j, reply{Answer: answer})
		settle(log, m.Ack())
	case errors.Is(err, ErrNotFound): // the caller has gone and took it along
		settle(log, m.Term())
	default:
		log.Warn("video not judged", "try", meta.NumDelivered, "err", err)
		settle(log, m.Nak())
	}
}

// settle notes an acknowledgement that did not leave: the video then comes again.
func settle(log *slog.Logger, err error) {
	if err != nil {
		log.Warn("video not acknowledged", "err", err)
	}
}

func (v *Videos) beat(ctx context.Context, m jetstream.Msg) {
	tick := time.NewTicker(v.o.Turn / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = m.InProgress() // when it is lost the video comes to another worker, too
		}
	}
}

// work fetches the video into a file of its own and lets do see it.
func (v *Videos) work(ctx context.Context, j job, do Worker) (_ []byte, err error) {
	f, err := os.CreateTemp(v.o.TempDir, "vivavoce-video-*")
	if err != nil {
		return nil, fmt.Errorf("make a file for the video: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	if err = errors.Join(v.fetch(ctx, j, f), f.Close()); err != nil {
		return nil, fmt.Errorf("fetch the video: %w", err)
	}
	return do(ctx, j.What, f.Name())
}

func (v *Videos) answer(j job, r reply) {
	data, err := json.Marshal(r)
	if err == nil {
		err = v.store.conn.Publish(j.Answer, data)
	}
	if err != nil { // the caller runs into its deadline
		v.store.o.Logger.Warn("answer about a video not sent", "err", err)
	}
}
