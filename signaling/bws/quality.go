package bws

import (
	"math"

	"vivavoce/pipeline/quality"
	"vivavoce/pipeline/stills"
	"vivavoce/signaling/bws/pb"
)

// measure is one of ISO/IEC 29794-5's that we measure: the raw value is pipeline/quality's, and scalar brings it
// to 0–1. The scalars are ours: OFIQ's curves are fitted to its own networks' raw values.
type measure struct {
	name   string
	raw    func(*quality.Measures) quality.Reading
	scalar func(raw float64) float64
}

func measures() []measure {
	asIs := func(v float64) float64 { return v }
	cos2 := func(v float64) float64 { return math.Pow(max(math.Cos(v*math.Pi/180), 0), 2) }
	room := func(v float64) float64 { return v / roomy }
	return []measure{
		{"IlluminationUniformity", func(m *quality.Measures) quality.Reading { return m.IlluminationUniformity }, asIs},
		{"LuminanceMean", func(m *quality.Measures) quality.Reading { return m.LuminanceMean }, func(v float64) float64 { return min(v/0.2, (1-v)/0.2) }},
		{"UnderExposurePrevention", func(m *quality.Measures) quality.Reading { return m.UnderExposurePrevention }, asIs},
		{"OverExposurePrevention", func(m *quality.Measures) quality.Reading { return m.OverExposurePrevention }, asIs},
		{"DynamicRange", func(m *quality.Measures) quality.Reading { return m.DynamicRange }, func(v float64) float64 { return v / 8 }},
		{"Sharpness", func(m *quality.Measures) quality.Reading { return m.Sharpness }, asIs},
		{"SingleFacePresent", func(m *quality.Measures) quality.Reading { return m.SingleFacePresent }, asIs},
		{"EyesOpen", func(m *quality.Measures) quality.Reading { return m.EyesOpen }, func(v float64) float64 { return (v - shutLid) / (openLid - shutLid) }},
		{"MouthClosed", func(m *quality.Measures) quality.Reading { return m.MouthClosed }, asIs},
		{"EyesVisible", func(m *quality.Measures) quality.Reading { return m.EyesVisible }, asIs},
		{"MouthOcclusionPrevention", func(m *quality.Measures) quality.Reading { return m.MouthOcclusionPrevention }, asIs},
		{"InterEyeDistance", func(m *quality.Measures) quality.Reading { return m.InterEyeDistance }, func(v float64) float64 { return v / 90 }},
		{"HeadSize", func(m *quality.Measures) quality.Reading { return m.HeadSize }, func(v float64) float64 {
			band := quality.Browser().Size
			return min(v/band.Min, (1-v)/(1-band.Max))
		}},
		{"LeftwardCropOfTheFaceImage", func(m *quality.Measures) quality.Reading { return m.LeftwardCrop }, room},
		{"RightwardCropOfTheFaceImage", func(m *quality.Measures) quality.Reading { return m.RightwardCrop }, room},
		{"MarginAboveOfTheFaceImage", func(m *quality.Measures) quality.Reading { return m.MarginAbove }, room},
		{"MarginBelowOfTheFaceImage", func(m *quality.Measures) quality.Reading { return m.MarginBelow }, room},
		{"HeadPoseYaw", func(m *quality.Measures) quality.Reading { return m.HeadPoseYaw }, cos2},
		{"HeadPosePitch", func(m *quality.Measures) quality.Reading { return m.HeadPosePitch }, cos2},
		{"HeadPoseRoll", func(m *quality.Measures) quality.Reading { return m.HeadPoseRoll }, cos2},
	}
}

// roomy is the room beside a face, over its own size, from which on there is enough; lids are pipeline.Face's.
const roomy, shutLid, openLid = 0.3, 0.1, 0.3

// measurementsOf are those of the largest face that could be measured.
func measurementsOf(l *stills.Look) *pb.FaceImageQualityResponse {
	out := &pb.FaceImageQualityResponse{}
	if len(l.Faces) == 0 {
		out.Errors = append(out.Errors, &pb.JobError{ErrorCode: faceNotFound, Message: messages()[faceNotFound]})
		return out
	}
	if len(l.Faces) > 1 {
		out.Errors = append(out.Errors, &pb.JobError{ErrorCode: multipleFacesFound, Message: messages()[multipleFacesFound]})
	}
	for _, m := range measures() {
		r := m.raw(&l.Faces[0].Quality)
		if !r.Known || math.IsNaN(r.Value) || math.IsInf(r.Value, 0) {
			continue
		}
		out.QualityMeasurements = append(out.QualityMeasurements, &pb.QualityMeasurement{
			Measure: m.name, RawValue: math.Round(1e4*r.Value) / 1e4, ScalarScore: math.Round(100 * min(max(m.scalar(r.Value), 0), 1)),
		})
	}
	return out
}
