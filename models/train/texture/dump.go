//go:build ignore

// Dump writes what the texture stage sees of recorded people, as they are and attacked by media/recapture:
// the training material of the network. Each picture goes through the same stages, bona fide or not:
// the clip is varied (size, light, colours), passes the simulated camera or the instrument
// before it, and a second coding; then the product's own finder and Examiner look at it.
//
// Usage: go run models/train/texture/dump.go -models models/files -data DATA -out DIR -species camera,plain,screen -subjects s1,d0 -split train -n 20 -seed 1
//
// It appends to DIR/looks.jsonl (one line a look) and DIR/pixels.u8 (for each look: details, each 3×128×128,
// then the context, 3×96×96, RGB planes of bytes). It is outside the build: models imports nothing of
// ours, and the product needs none of this.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"vivavoce/media"
	"vivavoce/media/file"
	"vivavoce/media/recapture"
	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/face"
	"vivavoce/pipeline/texture"
)

const (
	frames  = 2 // of a variant; the last is looked at, which no key frame is
	details = 3
)

// plain is bona fide without the simulated camera: the clip through the second coding only.
const plain = "plain"

// look is a line of looks.jsonl.
type look struct {
	Subject  string             `json:"subject"`
	Clip     string             `json:"clip"`
	Species  string             `json:"species"`
	Split    recapture.Split    `json:"split"`
	Seed     uint64             `json:"seed"`
	Frame    int                `json:"frame"`
	Width    int                `json:"width"`
	Height   int                `json:"height"`
	Side     float64            `json:"side"` // of the face, pixels
	Kbps     int                `json:"kbps"`
	Evidence []*float64         `json:"evidence"` // null where nothing could be measured
	Display  *recapture.Display `json:"display,omitempty"`
	Page     *recapture.Page    `json:"page,omitempty"`
}

// kept is a texture.Net that keeps what it was shown.
type kept struct{ pixels []byte }

func (k *kept) Judge(_ context.Context, detail, surround, logp []float32) error {
	k.add(detail)
	if len(k.pixels) == details*len(detail) {
		k.add(surround)
	}
	clear(logp)
	return nil
}

func (k *kept) add(plane []float32) {
	for _, v := range plane {
		k.pixels = append(k.pixels, byte(min(max(v, 0), 1)*255+0.5))
	}
}

type options struct {
	models, data, out, species, subjects string
	stills                               string
	split                                string
	n                                    int
	seed                                 uint64
	limit                                time.Duration
	hard                                 bool
}

func main() {
	var o options
	flag.StringVar(&o.models, "models", "models/files", "checked model files")
	flag.StringVar(&o.data, "data", "", "recordings: grid/SPEAKER/*.mp4 and head/*.mp4")
	flag.StringVar(&o.stills, "stills", "models/node_modules/@vladmandic/face-api/demo", "photographs")
	flag.StringVar(&o.out, "out", "", "folder to append to")
	flag.StringVar(&o.species, "species", "", "species of media/recapture, or plain, with commas; drawn in turn")
	flag.StringVar(&o.subjects, "subjects", "", "people, with commas; in turn")
	flag.StringVar(&o.split, "split", "train", "of the attacks' parameters: train or test")
	flag.IntVar(&o.n, "n", 1, "variants of each person and species")
	flag.Uint64Var(&o.seed, "seed", 1, "of all that is drawn")
	flag.DurationVar(&o.limit, "limit", 0, "stop after so long; 0 means never")
	flag.BoolVar(&o.hard, "hard", false, "light and colours beyond all that is trained with; the species gets a \"-hard\"")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if o.limit > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, o.limit)
		defer cancel()
	}
	if err := run(ctx, o); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "dump:", err)
		os.Exit(1)
	}
}

// rig is what all variants share.
type rig struct {
	o         options
	newFinder func() (pipeline.Finder, error)
	lines     *json.Encoder
	pixels    *bufio.Writer
}

func run(ctx context.Context, o options) (err error) {
	l, err := models.Open(models.Options{Dir: o.models, Workers: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	r := &rig{o: o}
	if r.newFinder, err = face.New(l, face.Options{}); err != nil {
		return err
	}
	lines, err := os.OpenFile(filepath.Join(o.out, "looks.jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer lines.Close()
	pixels, err := os.OpenFile(filepath.Join(o.out, "pixels.u8"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer pixels.Close()
	r.lines, r.pixels = json.NewEncoder(lines), bufio.NewWriterSize(pixels, 1<<20)
	defer func() { err = errors.Join(err, r.pixels.Flush()) }()
	return r.all(ctx)
}

func (r *rig) all(ctx context.Context) error {
	seed := r.o.seed * 1_000_000
	for range r.o.n {
		for _, subject := range strings.Split(r.o.subjects, ",") {
			for _, species := range strings.Split(r.o.species, ",") {
				if err := ctx.Err(); err != nil {
					return err
				}
				seed++
				if err := r.variant(ctx, subject, species, seed); err != nil {
					if ctx.Err() != nil || !errors.Is(err, errSkip) {
						return fmt.Errorf("%s as %s: %w", subject, species, err)
					}
					fmt.Fprintln(os.Stderr, "skip:", subject, species, seed, err)
				}
			}
		}
	}
	return nil
}

var errSkip = errors.New("nothing to look at")

// clips are a person's recordings.
func (r *rig) clips(subject string) ([]string, error) {
	one := filepath.Join(r.o.data, "head", subject+".mp4")
	if _, err := os.Stat(one); err == nil {
		return []string{one}, nil
	}
	all, err := filepath.Glob(filepath.Join(r.o.data, "grid", subject, "*.mp4"))
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("no clips of %s", subject)
	}
	return all, err
}

// open returns one of a person's recordings, and its name.
func (r *rig) open(subject string, rng *rand.Rand) (src media.Source, name string, done func(), err error) {
	if strings.HasPrefix(subject, stillPrefix) {
		s, err := newStill(r.o.stills, subject, rng)
		return s, subject, func() {}, err
	}
	clips, err := r.clips(subject)
	if err != nil {
		return nil, "", nil, err
	}
	clip := clips[rng.IntN(len(clips))]
	f, err := file.Open(clip, file.Options{})
	if err != nil {
		return nil, "", nil, err
	}
	return f, strings.TrimPrefix(clip, r.o.data+"/"), func() { f.Close() }, nil
}

// variant draws one and writes its looks.
func (r *rig) variant(ctx context.Context, subject, species string, seed uint64) error {
	h := fnv.New64a()
	io.WriteString(h, subject+species+r.o.split)
	rng := rand.New(rand.NewPCG(seed, h.Sum64()))
	src, clip, done, err := r.open(subject, rng)
	if err != nil {
		return err
	}
	defer done()
	p := parameters(species, recapture.Split(r.o.split), rng)
	varied := newVaried(src, rng, strings.HasPrefix(clip, "grid/"), r.o.hard)
	if err := varied.skip(ctx); err != nil {
		return err
	}
	shown, end, err := r.attacked(ctx, varied, p, subject, rng)
	if err != nil {
		return err
	}
	defer end()
	at := look{Subject: subject, Clip: clip, Species: species, Split: p.Split, Seed: seed, Kbps: p.Coding.Kbps, Display: p.Display, Page: p.Page}
	if r.o.hard {
		at.Species += "-hard"
	}
	return r.watch(ctx, shown, at)
}

// parameters draws those of the attack, and a coding of 300–2000 kbit/s.
func parameters(species string, split recapture.Split, rng *rand.Rand) recapture.Parameters {
	kind := recapture.Species(species)
	if species == plain {
		kind = recapture.Replay
	}
	p := recapture.Draw(kind, split, rng.Uint64())
	p.Coding.Kbps = int(300 * math.Pow(2000.0/300, rng.Float64()))
	return p
}

// attacked puts the attack over src.
func (r *rig) attacked(ctx context.Context, src media.Source, p recapture.Parameters, subject string, rng *rand.Rand) (media.Source, func(), error) {
	var rg recapture.Rig
	close := func() {}
	if p.Species.NeedsFace() {
		locate, err := r.locator()
		if err != nil {
			return nil, nil, err
		}
		rg.Locate = locate
	}
	if p.Species.NeedsDonor() {
		donor, done, err := r.donor(ctx, subject, rng)
		if err != nil {
			return nil, nil, err
		}
		locate, err := r.locator()
		if err != nil {
			return nil, nil, err
		}
		rg.Donor, rg.LocateDonor, close = donor, locate, done
	}
	out, err := recapture.New(src, p, rg)
	if err != nil {
		close()
		return nil, nil, err
	}
	return out, func() { out.Close(); close() }, nil
}

// watch looks at the last frame.
func (r *rig) watch(ctx context.Context, src media.Source, at look) error {
	finder, err := r.newFinder()
	if err != nil {
		return err
	}
	for i := range frames {
		f, err := src.Next(ctx)
		if errors.Is(err, io.EOF) || errors.Is(err, recapture.ErrNoFace) {
			return errSkip
		}
		if err != nil {
			return err
		}
		if i == frames-1 {
			at.Frame = i
			err = r.one(ctx, finder, f, at)
		}
		f.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *rig) one(ctx context.Context, finder pipeline.Finder, f *media.Frame, at look) error {
	found, err := finder.Find(ctx, f)
	if err != nil {
		return err
	}
	k := &kept{}
	l, ok, err := texture.NewExaminer(k, texture.Fusion{}).Look(ctx, found, details)
	if err != nil {
		return err
	}
	if !ok {
		return errSkip
	}
	at.Width, at.Height = f.Width, f.Height
	at.Side = float64(max(found.Box.X1-found.Box.X0, found.Box.Y1-found.Box.Y0))
	for _, v := range l.Evidence {
		if math.IsNaN(v) {
			at.Evidence = append(at.Evidence, nil)
			continue
		}
		at.Evidence = append(at.Evidence, &v)
	}
	if _, err := r.pixels.Write(k.pixels); err != nil {
		return err
	}
	if err := r.pixels.Flush(); err != nil {
		return err
	}
	return r.lines.Encode(at)
}
