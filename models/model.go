package models

import (
	"context"
	"errors"
	"fmt"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// Shape names an input or output and its dimensions, all fixed and float32.
type Shape struct {
	Name string  `json:"name"`
	Dims []int64 `json:"dims"`
	Note string  `json:"note"` // layout, range and meaning
}

// Len returns the number of values.
func (s Shape) Len() int {
	n := int64(1)
	for _, d := range s.Dims {
		n *= d
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
	s, err := newSlot(m.session, m.file)
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
// long as its Shape. It waits for a worker until ctx ends; a run that has started is not
// interrupted (they take milliseconds). The slices are the caller's again when
// it returns; after an error out may be partly written.
func (m *Model) Run(ctx context.Context, lane Lane, in, out [][]float32) error {
	if err := m.fits(lane, in, out); err != nil {
		return fmt.Errorf("run %s: %w", m.file.Model, err)
	}
	if err := m.pool.acquire(ctx, lane); err != nil {
		return fmt.Errorf("run %s: wait for a worker: %w", m.file.Model, err)
	}
	defer m.pool.release(lane)
	s, err := m.take()
	if err != nil {
		return fmt.Errorf("run %s: %w", m.file.Model, err)
	}
	defer m.give(s)
	if err := s.run(m.session, in, out); err != nil {
		return fmt.Errorf("run %s: %w", m.file.Model, err)
	}
	return nil
}

func (m *Model) fits(lane Lane, in, out [][]float32) error {
	if lane != Live && lane != Background {
		return fmt.Errorf("lane %d", lane)
	}
	if len(in) != len(m.file.Inputs) || len(out) != len(m.file.Outputs) {
		return fmt.Errorf("%d inputs and %d outputs, want %d and %d", len(in), len(out), len(m.file.Inputs), len(m.file.Outputs))
	}
	for i, s := range m.file.Inputs {
		if len(in[i]) != s.Len() {
			return fmt.Errorf("input %s has %d values, want %d", s.Name, len(in[i]), s.Len())
		}
	}
	for i, s := range m.file.Outputs {
		if len(out[i]) != s.Len() {
			return fmt.Errorf("output %s has %d values, want %d", s.Name, len(out[i]), s.Len())
		}
	}
	return nil
}

// take returns an idle slot or makes one: there are never more than workers.
func (m *Model) take() (*slot, error) {
	m.mu.Lock()
	if n := len(m.idle); n > 0 {
		s := m.idle[n-1]
		m.idle = m.idle[:n-1]
		m.mu.Unlock()
		return s, nil
	}
	m.mu.Unlock()
	return newSlot(m.session, m.file)
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
