package models

import (
	"context"
	"errors"
	"fmt"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// Shape names an input or output and its dimensions, float32. One dimension may be
// -1: the model's length, which each run chooses, the same for all that have it.
type Shape struct {
	Name string  `json:"name"`
	Dims []int64 `json:"dims"`
	Note string  `json:"note"` // layout, range and meaning
}

// Len returns the number of values, for one step of length where that is free.
func (s Shape) Len() int {
	n := int64(1)
	for _, d := range s.Dims {
		if d != anyLength {
			n *= d
		}
	}
	return int(n)
}

// Model is one network. Its methods are safe for concurrent use.
type Model struct {
	file    file
	session *ort.DynamicAdvancedSession
	pool    *pool

	mu   sync.Mutex
	idle []*slot // at most as many as the pool has workers
}

func newModel(f file, onnx []byte, p *pool) (*Model, error) {
	o, err := sessionOptions()
	if err != nil {
		return nil, err
	}
	defer o.Destroy() //nolint:errcheck // it has no error to give
	s, err := ort.NewDynamicAdvancedSessionWithONNXData(onnx, nil, nil, o)
	if err != nil {
		return nil, err
	}
	m := &Model{file: f, session: s, pool: p}
	if err := m.warm(); err != nil {
		return nil, errors.Join(fmt.Errorf("its inputs and outputs are not those of models/manifest.json: %w", err), m.close())
	}
	return m, nil
}

// warm makes the first slot and runs it: ONNX Runtime refuses names and shapes
// that are not the network's, and the first frame of a person need not wait for
// its memory.
func (m *Model) warm() error {
	length := 1
	if m.file.free() {
		length = 2 // 1 may mean broadcasting to a network
	}
	s, err := newSlot(m.session, m.file, length)
	if err != nil {
		return err
	}
	m.idle = append(m.idle, s)
	return m.session.RunWithBinding(s.binding)
}

// sessionOptions: one thread a run (by default ONNX Runtime's threads spin
// between runs, which cost 2.6 times the processor time), every optimisation.
func sessionOptions() (*ort.SessionOptions, error) {
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		o.SetIntraOpNumThreads(1),
		o.SetInterOpNumThreads(1),
		o.SetGraphOptimizationLevel(ort.GraphOptimizationLevelEnableAll),
	)
	if err != nil {
		return nil, errors.Join(err, o.Destroy())
	}
	return o, nil
}

// Inputs returns what Run takes, in order. It must not be changed.
func (m *Model) Inputs() []Shape { return m.file.Inputs }

// Outputs returns what Run gives, in order. It must not be changed.
func (m *Model) Outputs() []Shape { return m.file.Outputs }

// Run computes out from in: one slice for each input and output, each exactly as
// long as its Shape, or that times the same number of steps, 1 to [MaxLength], where its
// length is free. It waits for a worker until ctx ends; a run that has started is not
// interrupted (they take milliseconds). The slices are the caller's again when
// it returns; after an error out may be partly written.
func (m *Model) Run(ctx context.Context, lane Lane, in, out [][]float32) error {
	length, err := m.fits(lane, in, out)
	if err != nil {
		return fmt.Errorf("run %s: %w", m.file.Model, err)
	}
	if err := m.pool.acquire(ctx, lane); err != nil {
		return fmt.Errorf("run %s: wait for a worker: %w", m.file.Model, err)
	}
	defer m.pool.release(lane)
	s, err := m.take(length)
	if err != nil {
		return fmt.Errorf("run %s: %w", m.file.Model, err)
	}
	defer m.give(s)
	if err := s.run(m.session, in, out); err != nil {
		return fmt.Errorf("run %s: %w", m.file.Model, err)
	}
	return nil
}

// fits refuses slices that are not of the model's shapes, and returns the length.
func (m *Model) fits(lane Lane, in, out [][]float32) (length int, err error) {
	if lane != Live && lane != Background {
		return 0, fmt.Errorf("lane %d", lane)
	}
	if len(in) != len(m.file.Inputs) || len(out) != len(m.file.Outputs) {
		return 0, fmt.Errorf("%d inputs and %d outputs, want %d and %d", len(in), len(out), len(m.file.Inputs), len(m.file.Outputs))
	}
	length = m.file.length(in)
	if length < 1 || length > MaxLength {
		return 0, fmt.Errorf("length %d, want 1 to %d", length, MaxLength)
	}
	for i, s := range m.file.Inputs {
		if want := s.values(length); len(in[i]) != want {
			return 0, fmt.Errorf("input %s has %d values, want %d", s.Name, len(in[i]), want)
		}
	}
	for i, s := range m.file.Outputs {
		if want := s.values(length); len(out[i]) != want {
			return 0, fmt.Errorf("output %s has %d values, want %d", s.Name, len(out[i]), want)
		}
	}
	return length, nil
}

// take returns an idle slot of that length or makes one: there are never more than
// workers. An idle one of another length makes room.
func (m *Model) take(length int) (*slot, error) {
	m.mu.Lock()
	var s *slot
	if n := len(m.idle); n > 0 {
		s = m.idle[n-1]
		m.idle = m.idle[:n-1]
	}
	m.mu.Unlock()
	if s != nil && s.length == length {
		return s, nil
	}
	if s != nil {
		if err := s.close(); err != nil {
			return nil, err
		}
	}
	return newSlot(m.session, m.file, length)
}

func (m *Model) give(s *slot) {
	m.mu.Lock()
	m.idle = append(m.idle, s)
	m.mu.Unlock()
}

// close frees the network; no run may be going on.
func (m *Model) close() error {
	var err error
	for _, s := range m.idle {
		err = errors.Join(err, s.close())
	}
	m.idle = nil
	return errors.Join(err, m.session.Destroy())
}
