package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"os"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/pipeline/quality"
	"vivavoce/signaling"
	"vivavoce/signaling/puppet"
)

// puppetFlags say who is in front of the rendered camera.
type puppetFlags struct {
	Kind        string `help:"Who is in front of the camera: person, wrong-way, still, mute, other-digits, frozen, flat-photo, late, empty, two-faces, recorded or looped." default:"person"`
	NodeModules string `help:"Folder with the npm packages: a face picture there is the head's skin." default:"models/node_modules" type:"path"`
	Seed        uint64 `help:"For the picture's noise." default:"1"`
}

func (c puppetFlags) scene(ctx context.Context, e *engine) (*puppet.Scene, error) {
	finder, err := e.newFinder()
	if err != nil {
		return nil, err
	}
	head, err := puppet.LoadHead(ctx, e.library, finder, c.NodeModules, 0)
	if err != nil {
		return nil, err
	}
	return puppet.NewScene(puppet.Kind(c.Kind), head, puppet.Camera{Width: 640, Height: 480, Noise: 2}, c.Seed)
}

// puppetCmd is a camera for tests in a browser: pictures on the standard output,
// each a JPEG after its length (uint32, big endian); the server's messages, a line
// each, on the standard input.
type puppetCmd struct {
	FPS int `name:"fps" help:"Pictures a second." default:"20"`
	puppetFlags
	modelFlags
}

// Run paints until the standard input ends.
func (c *puppetCmd) Run(ctx context.Context, s streams) error {
	e, err := openEngine(engineOptions{models: c.modelFlags, policy: pipeline.DefaultPolicy(), quality: quality.Browser()})
	if err != nil {
		return err
	}
	defer e.Close()
	scene, err := c.scene(ctx, e)
	if err != nil {
		return err
	}
	began := time.Now()
	heard := make(chan pipeline.Step)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(heard)
		return hear(ctx, os.Stdin, heard)
	})
	g.Go(func() error { return c.film(scene, began, heard, s.out) })
	return g.Wait()
}

// hear passes the steps of the prompts among the messages in r on.
func hear(ctx context.Context, r io.Reader, heard chan<- pipeline.Step) error {
	in := bufio.NewScanner(r)
	for in.Scan() {
		m, err := signaling.DecodeServer(in.Bytes())
		if err != nil {
			return fmt.Errorf("hear: %w", err)
		}
		p, ok := m.(signaling.Prompt)
		if !ok {
			continue
		}
		digit, _ := strconv.Atoi(p.Digit) // "" for turns
		select {
		case heard <- pipeline.Step{Kind: p.Kind, Turn: p.Direction, Digit: digit}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return in.Err()
}

// film writes pictures until heard is closed.
func (c *puppetCmd) film(scene *puppet.Scene, began time.Time, heard <-chan pipeline.Step, out io.Writer) error {
	var pool media.Pool
	f := pool.Get(scene.Size())
	tick := time.NewTicker(time.Second / time.Duration(c.FPS))
	defer tick.Stop()
	for {
		select {
		case step, ok := <-heard:
			if !ok {
				return nil
			}
			scene.Hear(step, time.Since(began))
		case <-tick.C:
			if err := scene.Paint(f, time.Since(began)); err != nil {
				return err
			}
			if err := writeJPEG(out, f); err != nil {
				return err
			}
		}
	}
}

// writeJPEG writes f's length and bytes. JPEG is full range: the planes are stretched.
func writeJPEG(w io.Writer, f *media.Frame) error {
	picture := image.NewYCbCr(image.Rect(0, 0, f.Width, f.Height), image.YCbCrSubsampleRatio420)
	stretch(picture.Y, f.Y, 16, 219)
	stretch(picture.Cb, f.Cb, 16, 224)
	stretch(picture.Cr, f.Cr, 16, 224)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: 90}); err != nil {
		return fmt.Errorf("encode picture: %w", err)
	}
	if err := binary.Write(w, binary.BigEndian, uint32(b.Len())); err != nil {
		return fmt.Errorf("write picture: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write picture: %w", err)
	}
	return nil
}

// stretch maps limited-range samples (low … low+span) to 0–255.
func stretch(dst, src []byte, low, span int) {
	for i := range dst {
		dst[i] = byte(min(max((int(src[i])-low)*255/span, 0), 255))
	}
}
