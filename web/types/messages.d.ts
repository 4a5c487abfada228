// The messages of signaling/protocol.md, version 1, for tsc: not served. page/messages.js checks them.

export type Direction = 'left'|'right'|'up'|'down'; // the person's own
export type Band = 'weak'|'fair'|'good';
export type State = 'connecting'|'framing'|'challenge'|'deciding'|'done'|'expired'|'failed';
export type Outcome = 'live'|'spoof'|'undecided';
export type IceServer = {urls: string|string[], username?: string, credential?: string};
export type Check = {name: string, checked: boolean, band?: Band|''|null};

export type Welcome = {type: 'welcome', session: string, media: 'webrtc'|'local', digits: number, turns: number, microphone?: boolean, lights?: boolean, expires_in_ms?: number, ice_servers?: IceServer[]|null};
export type Answer = {type: 'answer', sdp: string};
export type Candidate = {type: 'candidate', candidate: string, sdp_mid?: string|null, sdp_mline_index?: number|null};
export type StateMessage = {type: 'state', state: State};
export type Hint = {type: 'hint', code: string, direction?: Direction|''|null, blocking?: boolean};
export type TurnPrompt = {type: 'prompt', index: number, of: number, kind: 'turn', direction: Direction, again?: boolean, time_ms: number};
export type DigitPrompt = {type: 'prompt', index: number, of: number, kind: 'digit', digit: string, phrase: string, position: number, again?: boolean, time_ms: number};
export type Prompt = TurnPrompt|DigitPrompt;
export type Progress = {type: 'progress', index: number, phase: 'go'|'return'|'done', fraction?: number, band?: Band|''|null};
export type Light = {type: 'light', index: number, colour: string, time_ms: number};
export type Score = {type: 'score', name: string, checked: boolean, step?: number|null, value?: number, settled?: boolean, reasons?: string[]|null, measures?: {[name: string]: number}};
export type Verdict = {type: 'verdict', outcome: Outcome, reasons?: string[]|null, witnesses?: string[]|null, checks?: Check[]|null};
export type ErrorMessage = {type: 'error', code: string, message?: string, fatal?: boolean};
export type ServerMessage = Welcome|Answer|Candidate|StateMessage|Hint|Prompt|Progress|Light|Score|Verdict|ErrorMessage;

export type Hello = {type: 'hello', token: string, client?: {name: string, version: string}};
export type Offer = {type: 'offer', sdp: string};
export type Restart = {type: 'restart', sdp: string};
export type PromptShown = {type: 'prompt_shown', index: number};
export type Device = {type: 'device', label?: string, width?: number, height?: number, frame_rate?: number, facing_mode?: string};
export type LightShown = {type: 'light_shown', index: number};
export type LightsDeclined = {type: 'lights_declined'};
export type Bye = {type: 'bye', reason?: 'cancelled'|'camera_lost'|'navigated'};
export type PageMessage = Hello|Offer|Restart|Candidate|PromptShown|LightShown|LightsDeclined|Device|Bye;
