//go:build ignore

// Score reads lines of JSON {"logp": steps × 11 numbers, "spans": [{"From", "To"}…] or null,
// "claims": [[digits]…]} and prints, for each, what lips.Lattice.Said gives each claim: the statistic
// that the server uses is the one that is calibrated.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"vivavoce/pipeline/lips"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	out := json.NewEncoder(os.Stdout)
	var l lips.Lattice
	for lines.Scan() {
		var trial struct {
			Logp   []float32
			Spans  []lips.Span
			Claims [][]int
		}
		if err := json.Unmarshal(lines.Bytes(), &trial); err != nil {
			return fmt.Errorf("read a trial: %w", err)
		}
		var scores []float64
		for _, claim := range trial.Claims {
			scores = append(scores, max(l.Said(trial.Logp, claim, trial.Spans), -1000))
		}
		if err := out.Encode(scores); err != nil {
			return err
		}
	}
	return lines.Err()
}
