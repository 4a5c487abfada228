package pipelinetest

import "time"

// Script says how an actor behaves. The zero Script answers well.
type Script struct {
	WrongWay  bool          // turns the other way
	Ahead     time.Duration // begins so long before a person could have reacted
	Behind    time.Duration // begins so much later than others
	Teleport  bool          // is there at once, without the way in between
	Small     bool          // turns a little
	NoReturn  bool          // stays turned
	Idle      bool          // does not turn
	Flat      bool          // is a picture that moves its lips and is tilted: a video on a tablet
	Frozen    bool          // is a still picture that is held still
	Silent    bool          // does not say digits
	Chews     bool          // moves the mouth all the time, whatever is asked
	Second    time.Duration // a second person comes at this PTS, if not 0
	Leaves    time.Duration // the face is gone from this PTS on, if not 0
	LeavesFor time.Duration // and comes back after so long; 0 means never
	Stutters  int           // of so many turns, the first ones, the camera shows nothing of the way there
}

// Attackers are the scripts that must never pass, by name.
func Attackers() map[string]Script {
	return map[string]Script{
		"wrong way":     {WrongWay: true},
		"too early":     {Ahead: 700 * time.Millisecond},
		"too late":      {Behind: 4200 * time.Millisecond},
		"teleport":      {Teleport: true},
		"too small":     {Small: true},
		"no return":     {NoReturn: true},
		"idle":          {Idle: true},
		"flat, tilted":  {Flat: true},
		"frozen":        {Frozen: true},
		"silent":        {Silent: true},
		"chewing":       {Chews: true},
		"two faces":     {Second: 4 * time.Second},
		"leaves midway": {Leaves: 4 * time.Second},
	}
}
