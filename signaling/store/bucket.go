package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// BucketOptions bound a bucket.
type BucketOptions struct {
	Life     time.Duration // of a record since it was last written; 0 keeps it
	MaxBytes int64         // of all records; 0 is 64 MiB
}

// Bucket holds records of one kind, each as JSON under a key. A record has a revision:
// who changes or takes it names the one it saw, so that of two nodes only one succeeds.
// Keys consist of letters, digits and "-_=.".
type Bucket[T any] struct {
	store *Store
	name  string
	kv    jetstream.KeyValue
}

// OpenBucket makes the bucket, or changes its bounds.
func OpenBucket[T any](ctx context.Context, s *Store, name string, o BucketOptions) (*Bucket[T], error) {
	if o.MaxBytes == 0 {
		o.MaxBytes = 64 << 20
	}
	ctx, stop := s.bounded(ctx)
	defer stop()
	kv, err := s.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: s.o.Name + "_" + name, TTL: o.Life, MaxBytes: o.MaxBytes, History: 1,
	})
	if err != nil {
		return nil, told("open bucket "+name, err)
	}
	return &Bucket[T]{store: s, name: name, kv: kv}, nil
}

// Create writes a record that must not be there, or fails with [ErrExists], and with [ErrFull]
// while the last of the disk is kept for records that are there.
func (b *Bucket[T]) Create(ctx context.Context, key string, v T) error {
	if err := b.store.room(); err != nil {
		return fmt.Errorf("create in %s: %w", b.name, err)
	}
	return b.create(ctx, key, v)
}

func (b *Bucket[T]) create(ctx context.Context, key string, v T) error {
	return b.write(ctx, "create", v, func(ctx context.Context, data []byte) error {
		_, err := b.kv.Create(ctx, key, data)
		if errors.Is(err, jetstream.ErrKeyExists) {
			return ErrExists
		}
		return err
	})
}

// Put writes a record whatever was there.
func (b *Bucket[T]) Put(ctx context.Context, key string, v T) error {
	return b.write(ctx, "put", v, func(ctx context.Context, data []byte) (err error) {
		_, err = b.kv.Put(ctx, key, data)
		return err
	})
}

// Update writes over the record of that revision, or fails with [ErrChanged].
func (b *Bucket[T]) Update(ctx context.Context, key string, v T, revision uint64) error {
	return b.write(ctx, "update", v, func(ctx context.Context, data []byte) (err error) {
		_, err = b.kv.Update(ctx, key, data, revision)
		return err
	})
}

func (b *Bucket[T]) write(ctx context.Context, how string, v T, write func(context.Context, []byte) error) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s in %s: %w", how, b.name, err)
	}
	ctx, stop := b.store.bounded(ctx)
	defer stop()
	return told(how+" in "+b.name, write(ctx, data))
}

// Get reads a record and its revision, or fails with [ErrNotFound].
func (b *Bucket[T]) Get(ctx context.Context, key string) (v T, revision uint64, err error) {
	ctx, stop := b.store.bounded(ctx)
	defer stop()
	e, err := b.kv.Get(ctx, key)
	if err != nil {
		return v, 0, told("get from "+b.name, err)
	}
	if err := json.Unmarshal(e.Value(), &v); err != nil {
		return v, 0, fmt.Errorf("get from %s: %w: %w", b.name, ErrDamaged, err)
	}
	return v, e.Revision(), nil
}

// Delete removes the record of that revision, or fails with [ErrChanged].
func (b *Bucket[T]) Delete(ctx context.Context, key string, revision uint64) error {
	ctx, stop := b.store.bounded(ctx)
	defer stop()
	return told("delete from "+b.name, b.kv.Purge(ctx, key, jetstream.LastRevision(revision)))
}

// Change reads a record, or the zero T, and writes what change makes of it, again when
// somebody else was quicker.
func (b *Bucket[T]) Change(ctx context.Context, key string, change func(*T)) error {
	ctx, stop := b.store.bounded(ctx)
	defer stop()
	for {
		v, revision, err := b.Get(ctx, key)
		if err != nil && !isAny(err, ErrNotFound) {
			return err
		}
		change(&v)
		if revision == 0 {
			err = b.create(ctx, key, v)
		} else {
			err = b.Update(ctx, key, v, revision)
		}
		if !isAny(err, ErrExists, ErrChanged) {
			return err
		}
	}
}
