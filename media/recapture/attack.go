package recapture

import "fmt"

func newAttack(p Parameters, r Rig) (attack, error) {
	if missing := p.missing(); missing != "" {
		return nil, fmt.Errorf("parameters without %s", missing)
	}
	switch p.Species {
	case Camera:
		return newDirect(p), nil
	case Screen, ScreenOLED:
		return newScreen(p), nil
	case Print, PrintInkjet, PrintPhoto, PrintCutout:
		return newPrint(p, r.Locate), nil
	case Mask:
		return newMask(p, r.Locate), nil
	case Warp:
		return newWarp(p, r.Locate), nil
	case Mouth, Swap:
		return newPaste(p, r), nil
	case Replay:
		return &plain{}, nil
	default:
		return nil, fmt.Errorf("unknown species %q", p.Species)
	}
}

// missing names a part that the species needs and p lacks.
func (p Parameters) missing() string {
	held := map[string]bool{
		"lens": p.Lens != nil, "pose": p.Pose != nil, "display": p.Display != nil, "page": p.Page != nil,
		"disguise": p.Disguise != nil, "animate": p.Animate != nil, "paste": p.Paste != nil,
	}
	for _, part := range p.Species.parts() {
		if !held[part] {
			return part
		}
	}
	return ""
}

// parts are the parameters that a species needs.
func (s Species) parts() []string {
	switch s {
	case Camera:
		return []string{"lens"}
	case Screen, ScreenOLED:
		return []string{"lens", "pose", "display"}
	case Print, PrintInkjet, PrintPhoto, PrintCutout:
		return []string{"lens", "pose", "page"}
	case Mask:
		return []string{"lens", "disguise"}
	case Warp:
		return []string{"animate"}
	case Mouth, Swap:
		return []string{"paste"}
	default:
		return nil
	}
}
