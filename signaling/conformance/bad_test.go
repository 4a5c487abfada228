package conformance_test

import (
	"flag"
	"slices"
	"testing"

	"vivavoce/signaling/conformance"
)

var update = flag.Bool("update", false, "rewrite the table of README.md")

// TestBadInput sends everything that README.md lists.
func TestBadInput(t *testing.T) {
	rows := slices.Concat(badCredentials(), badBodies(), badPaths(), badMessages(), badForms(), badVideos(t), badBWS(t), badPlus(t))
	conformance.CheckDocument(t, "README.md", rows, *update)
	conformance.CheckBad(t, conformance.Start(t), rows)
}
