package lips_test

import (
	"testing"

	"vivavoce/pipeline"
	"vivavoce/pipeline/lips"
	"vivavoce/pipeline/pipelinetest"
)

func challenge() pipeline.Challenge {
	var c pipeline.Challenge
	for _, d := range []int{4, 0, 7} {
		c.Steps = append(c.Steps, pipeline.Step{Kind: pipeline.StepDigit, Digit: d})
	}
	c.Steps = append(c.Steps, pipeline.Step{Kind: pipeline.StepTurn, Turn: pipeline.Left})
	for _, d := range []int{1, 1} {
		c.Steps = append(c.Steps, pipeline.Step{Kind: pipeline.StepDigit, Digit: d})
	}
	return c
}

func TestStage(t *testing.T) {
	for name, s := range map[string]pipelinetest.Script{
		"good": {}, "silent": {Silent: true}, "chewing": {Chews: true}, "leaves": {Leaves: 3e9},
	} {
		t.Run(name, func(t *testing.T) {
			seen := pipelinetest.Perform(t, s, 1, challenge())
			pipelinetest.TestStage(t, lips.New(lips.Options{}), seen)
		})
	}
}
