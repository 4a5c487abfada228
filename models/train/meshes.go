//go:build ignore

// Meshes writes our own face mesh of recorded clips, for training the digit reader: each
// clip named on standard input (relative to the folder of clips) becomes one file of
// little-endian float32 rows, one a frame:
//
//	seconds, found (0 or 1), yaw, pitch, roll (degrees), 478 × (x, y) in pixels
//
// Usage: go run models/train/meshes.go MODELS CLIPS TO <names. Files that are there already are kept. It is outside the
// build: models imports nothing of ours, and the product needs none of this.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"vivavoce/media/file"
	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/face"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: meshes MODELS CLIPS TO <names")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "meshes:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir, from, to string) (err error) {
	l, err := models.Open(models.Options{Dir: dir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	newFinder, err := face.New(l, face.Options{})
	if err != nil {
		return err
	}
	names := bufio.NewScanner(os.Stdin)
	for names.Scan() {
		out := filepath.Join(to, strings.ReplaceAll(strings.TrimSuffix(names.Text(), ".mp4"), "/", "_")+".f32")
		if _, err := os.Stat(out); err == nil {
			continue
		}
		rows, err := rowsOf(ctx, newFinder, filepath.Join(from, names.Text()))
		if err != nil {
			return fmt.Errorf("read mesh of %s: %w", names.Text(), err)
		}
		if err := write(out, rows); err != nil {
			return err
		}
	}
	return names.Err()
}

// rowsOf finds the face in every frame of a clip.
func rowsOf(ctx context.Context, newFinder func() (pipeline.Finder, error), path string) (rows []float32, err error) {
	finder, err := newFinder()
	if err != nil {
		return nil, err
	}
	src, err := file.Open(path, file.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	for {
		f, err := src.Next(ctx)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		got, err := finder.Find(ctx, f)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row(f.PTS.Seconds(), got)...)
		f.Release()
	}
}

func row(seconds float64, f *pipeline.Face) []float32 {
	found := float32(0)
	if f.Found {
		found = 1
	}
	r := []float32{float32(seconds), found, float32(f.Pose.Yaw), float32(f.Pose.Pitch), float32(f.Pose.Roll)}
	for _, p := range f.Points {
		r = append(r, p.X, p.Y)
	}
	return r
}

// write makes the file at once or not at all.
func write(path string, rows []float32) error {
	w, err := os.Create(path + ".part")
	if err != nil {
		return fmt.Errorf("create mesh file: %w", err)
	}
	if err := errors.Join(binary.Write(w, binary.LittleEndian, rows), w.Close()); err != nil {
		return fmt.Errorf("write mesh %s: %w", path, err)
	}
	return os.Rename(path+".part", path)
}
