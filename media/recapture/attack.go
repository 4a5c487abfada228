package recapture

import "fmt"

func newAttack(p Parameters, r Rig) (attack, error) {
	needs := map[string]bool{}
	switch p.Species {
	case Camera:
		needs["lens"] = p.Lens == nil
	case Screen, ScreenOLED:
		needs["lens"], needs["pose"], needs["display"] = p.Lens == nil, p.Pose == nil, p.Display == nil
	case Print, PrintInkjet, PrintPhoto, PrintCutout:
		needs["lens"], needs["pose"], needs["page"] = p.Lens == nil, p.Pose == nil, p.Page == nil
	}
	for name, missing := range needs {
		if missing {
			return nil, fmt.Errorf("parameters without %s", name)
		}
	}
	switch p.Species {
	case Camera:
		return newDirect(p), nil
	case Screen, ScreenOLED:
		return newScreen(p), nil
	case Print, PrintInkjet, PrintPhoto, PrintCutout:
		return newPrint(p, r.Locate), nil
	case Replay:
		return &plain{}, nil
	default:
		return nil, fmt.Errorf("unknown species %q", p.Species)
	}
}
