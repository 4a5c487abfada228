package pipeline

// Reason is a stable code for why, "stage.what", listed in signaling/protocol.md.
type Reason string

// The reasons, as signaling/protocol.md §5 explains them.
const (
	MotionNoTurn     Reason = "motion.no_turn"
	MotionWrongWay   Reason = "motion.wrong_way"
	MotionTooSmall   Reason = "motion.too_small"
	MotionTooEarly   Reason = "motion.too_early"
	MotionTooLate    Reason = "motion.too_late"
	MotionNotSmooth  Reason = "motion.not_smooth"
	MotionNoReturn   Reason = "motion.no_return"
	MotionNotChecked Reason = "motion.not_checked"

	DepthFlat       Reason = "depth.flat"
	DepthNotChecked Reason = "depth.not_checked"

	ParallaxCarried    Reason = "parallax.carried"
	ParallaxNotChecked Reason = "parallax.not_checked"

	ContinuitySwapped    Reason = "continuity.swapped"
	ContinuityJump       Reason = "continuity.jump"
	ContinuityLeft       Reason = "continuity.left"
	ContinuityNotChecked Reason = "continuity.not_checked"

	LightsNoReflection Reason = "lights.no_reflection"
	LightsDeclined     Reason = "lights.declined"
	LightsNotChecked   Reason = "lights.not_checked"

	EyesStill      Reason = "eyes.still"
	EyesNoBlink    Reason = "eyes.no_blink"
	EyesBlinkShape Reason = "eyes.blink_shape"
	EyesNotChecked Reason = "eyes.not_checked"

	JawStill      Reason = "jaw.still"
	JawNotChecked Reason = "jaw.not_checked"

	SeamFace       Reason = "seam.face"
	SeamMouth      Reason = "seam.mouth"
	SeamNotChecked Reason = "seam.not_checked"

	MouthStill      Reason = "mouth.still"
	MouthNotChecked Reason = "mouth.not_checked"

	RestMoved      Reason = "rest.moved"
	RestNotChecked Reason = "rest.not_checked"

	LipsWrongDigit Reason = "lips.wrong_digit"
	LipsUnreadable Reason = "lips.unreadable"
	LipsNotChecked Reason = "lips.not_checked"

	SoundShifted    Reason = "sound.shifted"
	SoundStillFace  Reason = "sound.still_face"
	SoundElsewhere  Reason = "sound.elsewhere"
	SoundUnclear    Reason = "sound.unclear"
	SoundNotChecked Reason = "sound.not_checked"

	TextureScreen     Reason = "texture.screen"
	TexturePrint      Reason = "texture.print"
	TexturePaste      Reason = "texture.paste"
	TextureMask       Reason = "texture.mask"
	TextureBorder     Reason = "texture.border"
	TextureLow        Reason = "texture.low"
	TextureNotChecked Reason = "texture.not_checked"

	InjectionLoop           Reason = "injection.loop"
	InjectionMirrored       Reason = "injection.mirrored"
	InjectionFrozen         Reason = "injection.frozen"
	InjectionReplayed       Reason = "injection.replayed"
	InjectionCut            Reason = "injection.cut"
	InjectionTooRegular     Reason = "injection.too_regular"
	InjectionRepeatedFrames Reason = "injection.repeated_frames"
	InjectionNotBrowser     Reason = "injection.not_browser"
	InjectionNoNoise        Reason = "injection.no_noise"
	InjectionTooEarly       Reason = "injection.too_early"
	InjectionSameDelay      Reason = "injection.same_delay"
	InjectionDelayed        Reason = "injection.delayed"
	InjectionVirtualCamera  Reason = "injection.virtual_camera"
	InjectionOtherTrack     Reason = "injection.other_track"
	InjectionTooSmooth      Reason = "injection.too_smooth"
	InjectionNotPainted     Reason = "injection.not_painted"
	InjectionNotChecked     Reason = "injection.not_checked"

	FaceLost    Reason = "face.lost"
	FaceSeveral Reason = "face.several"

	SessionNoFace    Reason = "session.no_face"
	SessionNoMedia   Reason = "session.no_media"
	SessionCancelled Reason = "session.cancelled"
	SessionExpired   Reason = "session.expired"
	SessionFailed    Reason = "session.failed"
)

// NotChecked is the reason that a required score of that name gives when it is
// missing.
func NotChecked(score string) Reason { return Reason(score + ".not_checked") }

// excuses reports whether r says only that the person did not do what was asked, or
// did it badly: something that happens to people who did not understand, were
// distracted or chew. A score that is low for such reasons alone never makes a
// spoof. Every other reason does, those of stages yet to come included.
func (r Reason) excuses() bool {
	switch r {
	case MotionNoTurn, MotionWrongWay, MotionTooSmall, MotionTooEarly, MotionTooLate,
		MotionNoReturn, MotionNotChecked, DepthNotChecked, ParallaxNotChecked,
		ContinuityLeft, ContinuityNotChecked, EyesNoBlink, EyesNotChecked, JawStill, JawNotChecked, SeamNotChecked,
		LightsNoReflection, LightsDeclined, LightsNotChecked,
		MouthStill, MouthNotChecked, RestMoved, RestNotChecked, LipsWrongDigit, LipsUnreadable, LipsNotChecked,
		SoundElsewhere, SoundUnclear, SoundNotChecked,
		TextureNotChecked, InjectionNotChecked:
		return true
	default:
		return false
	}
}
