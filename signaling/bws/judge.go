package bws

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"vivavoce/pipeline"
	"vivavoce/pipeline/identity"
	"vivavoce/pipeline/motion"
	"vivavoce/pipeline/quality"
	"vivavoce/pipeline/stills"
	"vivavoce/signaling/bws/pb"
)

// The errors that BWS names.
const (
	faceNotFound        = "FaceNotFound"
	multipleFacesFound  = "MultipleFacesFound"
	thumbnailFailed     = "ThumbnailExtractionFailed"
	rejectedPassive     = "RejectedByPassiveLiveDetection"
	rejectedActive      = "RejectedByActiveLiveDetection"
	rejectedByChallenge = "RejectedByChallengeResponse"
	failureToAcquire    = "FailureToAcquire"
)

// messages are for people; the codes are for programs.
func messages() map[string]string {
	return map[string]string{
		faceNotFound:        "No suitable face was found in at least one of the images.",
		multipleFacesFound:  "More than one face was found in at least one of the images.",
		thumbnailFailed:     "A face is too close to the edge of its image.",
		rejectedPassive:     "At least one of the images seems not to be taken from a live person.",
		rejectedActive:      "The head did not move as a body in space does, or hardly moved, or the images show two people.",
		rejectedByChallenge: "The head did not move the way that the tags of the second image ask for.",
		failureToAcquire:    "Too few frames of the video show a face that can be judged.",
	}
}

// thresholds of the two kinds of evidence, 0–1, out of a policy.
type thresholds struct{ texture, depth float64 }

// thresholdsOf gives those of the policy that is called so; "" is the default one.
func thresholdsOf(policy string) (t thresholds, err error) {
	p := pipeline.DefaultPolicy()
	if policy != "" {
		if p, err = pipeline.PolicyNamed(policy); err != nil {
			return t, err
		}
	}
	for _, c := range p.Checks {
		switch c.Name {
		case pipeline.ScoreTexture:
			t.texture = c.Threshold
		case pipeline.ScoreDepth:
			t.depth = c.Threshold
		}
	}
	if !(t.texture > 0 && t.depth > 0) {
		return t, fmt.Errorf("policy %q has no thresholds for texture and depth", p.Name)
	}
	return t, nil
}

// answer is a response in the making.
type answer struct {
	*pb.LivenessDetectionResponse
	scores []float64 // that were calculated
}

// fail adds an error, once.
func (a *answer) fail(code string) {
	if !slices.ContainsFunc(a.Errors, func(e *pb.JobError) bool { return e.ErrorCode == code }) {
		a.Errors = append(a.Errors, &pb.JobError{ErrorCode: code, Message: messages()[code]})
	}
}

// add takes the next picture and returns its one suitable face; nil where it has none, which is an error then.
func (a *answer) add(l *stills.Look, frame int) (*stills.Face, *pb.Face) {
	p := &pb.ImageProperties{Rotated: int32(l.Rotated), FrameNumber: int32(frame)}
	a.ImageProperties = append(a.ImageProperties, p)
	if l.Scaled {
		p.QualityAssessments = append(p.QualityAssessments, &pb.QualityAssessment{
			Check: "ImageSize", Message: "The image is larger than 1200 x 1600 pixels and was scaled down.",
		})
	}
	var suitable *stills.Face
	var written *pb.Face
	n, cropped := 0, false
	for i := range l.Faces {
		f := &l.Faces[i]
		w := faceOf(f)
		p.Faces = append(p.Faces, w)
		if why := unsuitable(f); why != nil {
			p.QualityAssessments = append(p.QualityAssessments, why)
			continue
		}
		n++
		if edge := edges(f); edge != nil {
			p.QualityAssessments = append(p.QualityAssessments, edge)
			cropped = true
		}
		suitable, written = f, w
	}
	switch {
	case n == 0:
		a.fail(faceNotFound)
	case n > 1:
		a.fail(multipleFacesFound)
	case cropped:
		a.fail(thumbnailFailed)
	default:
		return suitable, written
	}
	return nil, nil
}

// unsuitable says why no score can be given to a face.
func unsuitable(f *stills.Face) *pb.QualityAssessment {
	no := func(reason string) *pb.QualityAssessment {
		return &pb.QualityAssessment{Check: "SuitableFace", Message: reason}
	}
	switch {
	case hinted(f, quality.LowResolution):
		return no("EyesTooCloseTogether: the face is too small to be judged.")
	case !f.Texture.Checked && hinted(f, quality.TurnToCamera):
		return no("Profile: the face is turned too far away.")
	case !f.Texture.Checked:
		return no("EyesTooCloseTogether: the face is too small to be judged.")
	}
	return nil
}

// edges says which parts of a face are cut off.
func edges(f *stills.Face) *pb.QualityAssessment {
	if !hinted(f, quality.Cropped) {
		return nil
	}
	var sides []string
	for _, side := range []struct {
		name string
		r    quality.Reading
	}{{"left", f.Quality.LeftwardCrop}, {"right", f.Quality.RightwardCrop}, {"top", f.Quality.MarginAbove}, {"bottom", f.Quality.MarginBelow}} {
		if side.r.Known && side.r.Value < 0 {
			sides = append(sides, side.name)
		}
	}
	return &pb.QualityAssessment{Check: "FullyVisibleFace", Message: "The face is cut off by the image's edge: " + strings.Join(sides, ", ") + "."}
}

func hinted(f *stills.Face, code pipeline.HintCode) bool {
	return slices.ContainsFunc(f.Hints, func(h pipeline.Hint) bool { return h.Code == code })
}

func faceOf(f *stills.Face) *pb.Face {
	at := func(p pipeline.Point) *pb.PointD { return &pb.PointD{X: tenth(p.X), Y: tenth(p.Y)} }
	w := &pb.Face{LeftEye: at(f.LeftEye), RightEye: at(f.RightEye)}
	if f.Texture.Checked {
		w.TextureLivenessScore = scoreOf(f.Texture.Value)
	}
	return w
}

// tenth rounds to a tenth of a pixel: landmarks know no more.
func tenth(v float32) float64 { return math.Round(10*float64(v)) / 10 }

// scoreOf brings a score to ]0,1] with four digits: 0 says that there is none.
func scoreOf(v float64) float64 { return max(math.Round(1e4*min(v, 1))/1e4, 1e-4) }

// passive judges the texture of one picture.
func (a *answer) passive(f *stills.Face, w *pb.Face, least float64) {
	a.scores = append(a.scores, w.TextureLivenessScore)
	if !(f.Texture.Value >= least) {
		a.fail(rejectedPassive)
	}
}

// active judges the motion between two faces; w is the second.
func (a *answer) active(p motion.Pair, w *pb.Face, tags []pipeline.Direction, least float64) {
	if p.Moved() {
		w.MovementDirection = clock(p)
	}
	if p.Depth.Checked {
		w.MotionLivenessScore = scoreOf(p.Depth.Value)
		a.scores = append(a.scores, w.MotionLivenessScore)
	}
	if !(p.Depth.Checked && p.Depth.Value >= least) {
		a.fail(rejectedActive)
	}
	if len(tags) > 0 && !p.Went(tags...) {
		a.fail(rejectedByChallenge)
	}
}

// clock is the way of a movement in degrees, above 0 to 360, as the hand of a clock on the wall shows it to the person: 90 is to their
// own right, 180 down, 270 to their left, 360 up.
func clock(p motion.Pair) float64 {
	d := math.Atan2(-p.Yaw, p.Pitch) * 180 / math.Pi
	if d = math.Round(10*d) / 10; d <= 0 {
		d += 360
	}
	return d
}

// done sums up.
func (a *answer) done() *pb.LivenessDetectionResponse {
	a.Live = len(a.Errors) == 0
	for _, e := range a.Errors {
		switch e.ErrorCode {
		case faceNotFound, multipleFacesFound, thumbnailFailed, failureToAcquire:
			a.scores = nil // a mean of what is left would look like a score of all
		}
	}
	for _, v := range a.scores {
		a.LivenessScore += v / float64(len(a.scores))
	}
	return a.LivenessDetectionResponse
}

// judgePictures judges one or two photographs.
func judgePictures(looks []stills.Look, tags []pipeline.Direction, t thresholds) *pb.LivenessDetectionResponse {
	a := &answer{LivenessDetectionResponse: &pb.LivenessDetectionResponse{}}
	faces, written := make([]*stills.Face, len(looks)), make([]*pb.Face, len(looks))
	for i := range looks {
		if faces[i], written[i] = a.add(&looks[i], 0); faces[i] != nil {
			a.passive(faces[i], written[i], t.texture)
		}
	}
	if len(looks) == 2 && faces[0] != nil && faces[1] != nil {
		a.active(stills.Compare(faces[0], faces[1]), written[1], tags, t.depth)
		if faces[0].Portrait.Distance(&faces[1].Portrait) > identity.Same {
			a.fail(rejectedActive) // BWS has no error for two people: their head did not move there
		}
	}
	return a.done()
}
