package sound

import (
	"context"
	"fmt"

	"vivavoce/models"
)

// Voice tells speech from all else that is heard. It is safe for concurrent use.
type Voice interface {
	// Hear takes VoicePast samples of before and VoiceStep new ones, at media.SoundRate, and
	// the state that the run before gave, VoiceState zeros at first. It gives the probability
	// of speech in the new ones, 0 to 1, and the next state.
	Hear(ctx context.Context, samples, state, next []float32) (speech float64, err error)
}

// The sizes of a [Voice]'s slices.
const (
	VoicePast  = 64
	VoiceStep  = 512
	VoiceState = 256
)

// Network is the Voice of models/manifest.json.
type Network struct {
	model *models.Model
	lane  models.Lane
}

// Load returns the network.
func Load(l *models.Library, lane models.Lane) (*Network, error) {
	m, err := l.Load("voice")
	if err != nil {
		return nil, fmt.Errorf("load the network of speech: %w", err)
	}
	return &Network{model: m, lane: lane}, nil
}

// Hear implements Voice.
func (n *Network) Hear(ctx context.Context, samples, state, next []float32) (float64, error) {
	p := make([]float32, 1)
	err := n.model.Run(ctx, n.lane, [][]float32{samples, state}, [][]float32{p, next})
	return float64(p[0]), err
}
