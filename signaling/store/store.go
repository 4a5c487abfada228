// Package store keeps what must outlive a request or be seen by every node: records
// with a life time ([Bucket]), the events of sessions ([Events]) and uploaded videos that
// wait to be judged ([Videos]). All of it is NATS JetStream: a server inside this process
// with a data folder, or an external one that several nodes share. The code path is the same.
//
// Every operation ends within Options.Wait, whatever the server does, and fails with one
// of this package's errors where a caller can do something about it.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// Options say where the data are. The zero Options keep them in the folder "data".
type Options struct {
	URL string // of an external NATS server with JetStream, credentials included; "" runs one inside

	// For the server inside.
	Dir      string // data folder, made when absent; "" is "data"
	Listen   string // host:port at which other nodes reach it; "" opens no port
	MaxBytes int64  // of all data; 0 is 4 GiB
	MinFree  int64  // bytes that must be left on the disk; 0 is 64 MiB

	Name   string        // begins the names of all streams, so that two systems share a server; "" is "vivavoce"
	Wait   time.Duration // for one operation; 0 is 2 s
	Logger *slog.Logger  // nil discards
}

func (o *Options) fill() error {
	if o.MaxBytes < 0 || o.MinFree < 0 || o.Wait < 0 {
		return errors.New("sizes and times of the store are 0 or more")
	}
	if o.Dir == "" {
		o.Dir = "data"
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 4 << 30
	}
	if o.MinFree == 0 {
		o.MinFree = 64 << 20
	}
	if o.Name == "" {
		o.Name = "vivavoce"
	}
	if o.Wait == 0 {
		o.Wait = 2 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Store is an open connection to the data. Its methods are safe for concurrent use.
type Store struct {
	o      Options
	inside *inside // nil with an external server
	owner  string
	conn   *nats.Conn
	js     jetstream.JetStream
}

// Open connects to the external server, or starts the one inside.
func Open(ctx context.Context, o Options) (_ *Store, err error) {
	if err := o.fill(); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{o: o}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if o.URL == "" {
		if s.inside, err = startInside(ctx, o); err != nil {
			return nil, fmt.Errorf("open store in %s: %w", o.Dir, err)
		}
		s.owner = nuid.Next()
	}
	if s.conn, err = s.connect(); err != nil {
		return nil, fmt.Errorf("open store: %w", errors.Join(ErrUnavailable, err))
	}
	if s.js, err = jetstream.New(s.conn, jetstream.WithDefaultTimeout(o.Wait)); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err = s.Check(ctx); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return s, nil
}

func (s *Store) connect() (*nats.Conn, error) {
	log := s.o.Logger
	options := []nats.Option{
		nats.Name("vivavoce"),
		nats.Timeout(s.o.Wait),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond),
		// Nothing waits for a lost server: whoever writes is told at once, and tries again if it must.
		nats.ReconnectBufSize(-1),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil { // nil when we close it ourselves
				log.Error("store lost", "err", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("store found again") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { log.Warn("store", "err", err) }),
	}
	url := s.o.URL
	if s.inside != nil {
		url = ""
		options = append(options, nats.InProcessServer(s.inside.server))
	}
	return nats.Connect(url, options...)
}

// Close ends the connection and the server inside. It is for after the last operation.
func (s *Store) Close() {
	if s.conn != nil {
		s.conn.Close()
	}
	if s.inside != nil {
		s.inside.stop()
	}
}

// Check says why the store cannot be used now, or nil.
func (s *Store) Check(ctx context.Context) error {
	if err := s.room(); err != nil {
		return err
	}
	ctx, stop := s.bounded(ctx)
	defer stop()
	if _, err := s.js.AccountInfo(ctx); err != nil {
		return told("reach JetStream", err)
	}
	return nil
}

// Owner names this process where it has the data to itself, so that what another owner left can be
// told; "" with an external server.
func (s *Store) Owner() string { return s.owner }

// room fails with [ErrFull] where little disk is left: what is there already needs the rest to end.
func (s *Store) room() error {
	if s.inside == nil {
		return nil
	}
	return enoughDisk(s.o.Dir, s.o.MinFree)
}

// bounded gives ctx the time of one operation.
func (s *Store) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.o.Wait)
}

// Signal tells every node something that nobody needs to hear later.
func (s *Store) Signal(topic, what string) error {
	return told("signal "+topic, s.conn.Publish(s.o.Name+".signal."+topic, []byte(what)))
}

// OnSignal calls heard for every signal on topic, one after the other, until the returned
// function is called.
func (s *Store) OnSignal(topic string, heard func(what string)) (stop func(), err error) {
	sub, err := s.conn.Subscribe(s.o.Name+".signal."+topic, func(m *nats.Msg) { heard(string(m.Data)) })
	if err != nil {
		return nil, told("listen to "+topic, err)
	}
	return func() { _ = sub.Unsubscribe() }, nil // an error means that the connection is closed
}
