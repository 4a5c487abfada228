package quality

import (
	"bytes"
	"iter"
	"strconv"
)

// Reading is one measured value. The zero Reading is not measured, which is
// different from 0.
type Reading struct {
	Value float64
	Known bool
}

func read(v float64) Reading { return Reading{Value: v, Known: true} }

// Measures is what was last seen of each quality, on the frames that are judged.
// The first block has the names of ISO/IEC 29794-5 (OFIQ) and its meanings, on
// scales of our own where OFIQ's need its own networks. Light is measured ten times
// a second, the rest on every frame. Left and right are the picture's unless said.
type Measures struct {
	SingleFacePresent Reading // 1: one face; 0: none or several

	// Light, on the skin of the face. Luma is 0–1 of the full range.
	LuminanceMean           Reading // 0–1
	LuminanceVariance       Reading // 0–0.25, of luma
	DynamicRange            Reading // 0–8 bits: entropy of the luma
	UnderExposurePrevention Reading // 0–1: share of samples that are not nearly black (luma > 25/255)
	OverExposurePrevention  Reading // 0–1: share of samples that are not burnt out (luma < 247/255, no channel clipped)
	IlluminationUniformity  Reading // 0–1: overlap of the two cheeks' histograms

	Sharpness                Reading // 0–1: fine over coarse detail, at the face's own scale
	EyesVisible              Reading // 0–1, the better eye; below 0.5 behind something dark
	MouthOcclusionPrevention Reading // 0–1: how clearly lips stand out from skin
	EyesOpen                 Reading // lid gap over eye width, the better eye: about 0.3 open
	MouthClosed              Reading // 1 − inner lip gap over the distance between the eyes

	InterEyeDistance Reading // pixels
	HeadSize         Reading // forehead to chin over the picture's shorter side

	// Room between the face and the picture's edge over the face's width
	// (left, right) or height (above, below); negative: cut off.
	LeftwardCrop, RightwardCrop, MarginAbove, MarginBelow Reading

	HeadPoseYaw, HeadPosePitch, HeadPoseRoll Reading // degrees, as pipeline.Pose

	// Not in OFIQ.
	Highlights        Reading // 0–1: luma that the face's brightest twentieth reaches, eyes included
	BackLight         Reading // 0–1: how far the face drowns before a bright background
	LightBalance      Reading // −1…1: (left − right)/(left + right) linear light of the PERSON's cheeks, yaw taken out
	PictureLuminance  Reading // 0–1: mean luma of the whole picture
	PictureHighlights Reading // 0–1: luma that the picture's brightest twentieth reaches
	OffCentreX        Reading // −0.5…0.5 of the width; positive: at the picture's right, the person's left
	OffCentreY        Reading // −0.5…0.5 of the height; positive: low
	HeadSpeed         Reading // distances between the eyes a second
	FrameRate         Reading // decoded frames a second, also those that were not looked at
}

// All gives every measure with its name on the wire, measured or not.
func (m *Measures) All() iter.Seq2[string, Reading] {
	return func(yield func(string, Reading) bool) {
		for _, f := range [...]struct {
			name string
			r    Reading
		}{
			{"single_face_present", m.SingleFacePresent},
			{"luminance_mean", m.LuminanceMean},
			{"luminance_variance", m.LuminanceVariance},
			{"dynamic_range", m.DynamicRange},
			{"under_exposure_prevention", m.UnderExposurePrevention},
			{"over_exposure_prevention", m.OverExposurePrevention},
			{"illumination_uniformity", m.IlluminationUniformity},
			{"sharpness", m.Sharpness},
			{"eyes_visible", m.EyesVisible},
			{"mouth_occlusion_prevention", m.MouthOcclusionPrevention},
			{"eyes_open", m.EyesOpen},
			{"mouth_closed", m.MouthClosed},
			{"inter_eye_distance", m.InterEyeDistance},
			{"head_size", m.HeadSize},
			{"leftward_crop", m.LeftwardCrop},
			{"rightward_crop", m.RightwardCrop},
			{"margin_above", m.MarginAbove},
			{"margin_below", m.MarginBelow},
			{"head_pose_yaw", m.HeadPoseYaw},
			{"head_pose_pitch", m.HeadPosePitch},
			{"head_pose_roll", m.HeadPoseRoll},
			{"highlights", m.Highlights},
			{"back_light", m.BackLight},
			{"light_balance", m.LightBalance},
			{"picture_luminance", m.PictureLuminance},
			{"picture_highlights", m.PictureHighlights},
			{"off_centre_x", m.OffCentreX},
			{"off_centre_y", m.OffCentreY},
			{"head_speed", m.HeadSpeed},
			{"frame_rate", m.FrameRate},
		} {
			if !yield(f.name, f.r) {
				return
			}
		}
	}
}

// MarshalJSON writes an object of All's names; what was not measured is null.
func (m Measures) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	sep := byte('{')
	for name, r := range m.All() {
		b.WriteByte(sep)
		sep = ','
		b.WriteString(strconv.Quote(name))
		b.WriteByte(':')
		if !r.Known {
			b.WriteString("null")
			continue
		}
		b.Write(strconv.AppendFloat(nil, r.Value, 'g', 4, 64))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// forgetFace keeps only what does not need a face.
func (m *Measures) forgetFace() {
	*m = Measures{
		SingleFacePresent: m.SingleFacePresent,
		PictureLuminance:  m.PictureLuminance,
		PictureHighlights: m.PictureHighlights,
		FrameRate:         m.FrameRate,
	}
}
