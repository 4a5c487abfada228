package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// What an operation can fail with, besides its context's own error.
var (
	ErrNotFound    = errors.New("not in the store")
	ErrExists      = errors.New("in the store already")
	ErrChanged     = errors.New("changed by somebody else meanwhile")
	ErrFull        = errors.New("the store is full")
	ErrUnavailable = errors.New("the store cannot be reached")
	ErrDamaged     = errors.New("the data folder is damaged")
	ErrInUse       = errors.New("another process uses the data folder")
)

// Error codes of JetStream's API (nats-server/server/errors.json) that mean: no room.
const (
	codeNoResources     = 10023 // insufficient resources
	codeStorageExceeded = 10047 // of the server
	codeMemoryExceeded  = 10028
	codeStoreFailed     = 10077 // the stream refused the message: its bound, or the disk
)

// told wraps an error of NATS in ours; nil stays nil.
func told(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, kindOf(err))
}

func kindOf(err error) error {
	var api *jetstream.APIError
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound), errors.Is(err, jetstream.ErrKeyDeleted),
		errors.Is(err, jetstream.ErrMsgNotFound), errors.Is(err, jetstream.ErrObjectNotFound):
		return ErrNotFound
	case errors.Is(err, jetstream.ErrKeyExists): // any revision but the one expected
		return ErrChanged
	case errors.Is(err, ErrExists), errors.Is(err, context.Canceled): // the caller's own
		return err
	case errors.As(err, &api):
		if slices.Contains([]jetstream.ErrorCode{codeNoResources, codeStorageExceeded, codeMemoryExceeded, codeStoreFailed}, api.ErrorCode) {
			return errors.Join(ErrFull, err)
		}
		return errors.Join(ErrUnavailable, err)
	case errors.Is(err, nats.ErrInvalidMsg), errors.Is(err, jetstream.ErrInvalidKey):
		return err
	default: // no answer, no connection, no time
		return errors.Join(ErrUnavailable, err)
	}
}

func isAny(err error, kinds ...error) bool {
	for _, k := range kinds {
		if errors.Is(err, k) {
			return true
		}
	}
	return false
}
