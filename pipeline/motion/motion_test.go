package motion_test

import (
	"testing"

	"vivavoce/pipeline"
	"vivavoce/pipeline/motion"
	"vivavoce/pipeline/pipelinetest"
)

func turns(ds ...pipeline.Direction) pipeline.Challenge {
	var c pipeline.Challenge
	for _, d := range ds {
		c.Steps = append(c.Steps, pipeline.Step{Kind: pipeline.StepTurn, Turn: d})
	}
	return c
}

func TestStage(t *testing.T) {
	for name, s := range pipelinetest.Attackers() {
		t.Run(name, func(t *testing.T) {
			seen := pipelinetest.Perform(t, s, 1, turns(pipeline.Left, pipeline.Up))
			pipelinetest.TestStage(t, motion.New(motion.Options{}), seen)
		})
	}
}
