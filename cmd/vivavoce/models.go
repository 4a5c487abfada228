package main

import (
	"context"
	"fmt"

	"vivavoce/models"
)

// modelFlags say where the checked model files are.
type modelFlags struct {
	Models          string `help:"Folder with the checked model files." default:"models/files" type:"path"`
	TextureExternal string `help:"JSON file that names third-party networks of MiniFASNet's kind and their SHA-256: they give the score texture_external (see pipeline/texture/external.go)." placeholder:"FILE" type:"path"`
}

type modelsCmd struct {
	modelFlags
	NodeModules string `help:"Folder that npm filled from models/package-lock.json." default:"models/node_modules" type:"path"`
}

// Run fills the models folder.
func (c *modelsCmd) Run(ctx context.Context, s streams) error {
	return models.Prepare(ctx, models.PrepareOptions{
		Dir: c.Models, NodeModules: c.NodeModules,
		Log: func(line string) { fmt.Fprintln(s.out, line) },
	})
}
