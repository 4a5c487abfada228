package lips

import (
	"context"
	"encoding/json"
	"fmt"

	"vivavoce/models"
)

// Network is the Reader that the project trains; see models/train/README.md. It is safe for
// concurrent use.
type Network struct {
	model interface {
		Run(ctx context.Context, lane models.Lane, in, out [][]float32) error
	}
	lane        models.Lane
	calibration Calibration
}

// Names in models/manifest.json.
const (
	networkName     = "lips"
	calibrationFile = "lips_calibration.json"
)

// Load returns the network that the manifest names. Where it names none the error is
// [models.ErrUnlisted].
func Load(l *models.Library, lane models.Lane) (*Network, error) {
	m, err := l.Load(networkName)
	if err != nil {
		return nil, err
	}
	b, err := l.File(calibrationFile)
	if err != nil {
		return nil, fmt.Errorf("load the reader's calibration: %w", err)
	}
	c, err := parseCalibration(b)
	if err != nil {
		return nil, err
	}
	return &Network{model: m, lane: lane, calibration: c}, nil
}

// LoadFile returns a network of the same interface from a file that nothing vouches for, for
// measurements.
func LoadFile(l *models.Library, path string, lane models.Lane, c Calibration) (*Network, error) {
	m, err := l.LoadFile(path,
		[]models.Shape{{Name: "points", Dims: []int64{1, -1, Width}}},
		[]models.Shape{{Name: "logp", Dims: []int64{1, -1, Classes}}})
	if err != nil {
		return nil, err
	}
	return &Network{model: m, lane: lane, calibration: c}, nil
}

// Read implements Reader.
func (n *Network) Read(ctx context.Context, points, logp []float32) error {
	return n.model.Run(ctx, n.lane, [][]float32{points}, [][]float32{logp})
}

// Calibration implements Reader.
func (n *Network) Calibration() Calibration { return n.calibration }

func parseCalibration(b []byte) (c Calibration, err error) {
	if err := json.Unmarshal(b, &c); err != nil {
		return c, fmt.Errorf("read the reader's calibration: %w", err)
	}
	if !(c.Slope > 0 && c.Slope < 1e3 && c.Offset > -1e3 && c.Offset < 1e3) {
		return c, fmt.Errorf("read the reader's calibration: slope %v, offset %v", c.Slope, c.Offset)
	}
	return c, nil
}
