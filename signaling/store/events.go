package store

import (
	"context"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// EventsOptions bound the events.
type EventsOptions struct {
	Life    time.Duration // of an event
	PerName int64         // kept for one name, the newest; 0 is 1024
}

// Event is one thing told under a name.
type Event struct {
	ID   uint64 // grows; of all names together
	Kind string
	Data []byte // JSON
}

// Events keeps what was told, in order, for those who listen now or later, here or at
// another node.
type Events struct {
	store  *Store
	prefix string
	stream jetstream.Stream
}

// OpenEvents makes the stream, or changes its bounds.
func OpenEvents(ctx context.Context, s *Store, o EventsOptions) (*Events, error) {
	if o.PerName == 0 {
		o.PerName = 1024
	}
	ctx, stop := s.bounded(ctx)
	defer stop()
	prefix := s.o.Name + ".events."
	stream, err := s.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		// The kind is part of the subject, so that the last of a kind is found at once; the bound for
		// one name is therefore one for each of its kinds.
		Name: s.o.Name + "_events", Subjects: []string{prefix + "*.*"},
		MaxAge: o.Life, MaxMsgsPerSubject: o.PerName, MaxBytes: 512 << 20, AllowDirect: true,
	})
	if err != nil {
		return nil, told("open events", err)
	}
	return &Events{store: s, prefix: prefix, stream: stream}, nil
}

// Tell appends an event and does not wait: it is lost when the store is. What must not be
// lost is for [Events.Keep].
func (e *Events) Tell(name, kind string, data []byte) error {
	return told("tell event", e.store.conn.Publish(e.prefix+name+"."+kind, data))
}

// Keep appends an event and waits until it is stored.
func (e *Events) Keep(ctx context.Context, name, kind string, data []byte) error {
	ctx, stop := e.store.bounded(ctx)
	defer stop()
	_, err := e.store.js.Publish(ctx, e.prefix+name+"."+kind, data)
	return told("keep event", err)
}

// Last returns the newest event of a kind, or of any kind when kind is "*".
func (e *Events) Last(ctx context.Context, name, kind string) (Event, error) {
	ctx, stop := e.store.bounded(ctx)
	defer stop()
	m, err := e.stream.GetLastMsgForSubject(ctx, e.prefix+name+"."+kind)
	if err != nil {
		return Event{}, told("get the last event", err)
	}
	return Event{m.Sequence, kindIn(m.Subject), m.Data}, nil
}

// Follow gives each event of name with a higher id to hear, those of the past first, until
// ctx ends or hear returns an error, which it returns.
func (e *Events) Follow(ctx context.Context, name string, after uint64, hear func(Event) error) error {
	opening, stop := e.store.bounded(ctx)
	defer stop()
	c, err := e.stream.OrderedConsumer(opening, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{e.prefix + name + ".*"},
		DeliverPolicy:  jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1,
		InactiveThreshold: time.Minute,
	})
	if err != nil {
		return told("follow events", err)
	}
	messages, err := c.Messages(jetstream.PullMaxMessages(64))
	if err != nil {
		return told("follow events", err)
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return told("follow events", err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return told("follow events", err)
		}
		if err := hear(Event{meta.Sequence.Stream, kindIn(m.Subject()), m.Data()}); err != nil {
			return err
		}
	}
}

func kindIn(subject string) string { return subject[strings.LastIndexByte(subject, '.')+1:] }
