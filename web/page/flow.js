// What the page shows, as data: `reduce` is the only place that decides it, and it
// knows no DOM, no socket and no clock, so that tests can walk through all of it.

/** @typedef {import('../types/messages').ServerMessage} ServerMessage */
/** @typedef {import('../types/messages').Prompt} Prompt */
/** @typedef {import('../types/messages').Band} Band */
/** @typedef {import('../types/messages').Direction} Direction */

/** @typedef {'start'|'live'|'verdict'|'error'} Screen */
/** @typedef {'camera'|'connecting'|'framing'|'challenge'|'deciding'} Stage where the live screen is; camera: waiting for permission */

/**
 * @typedef {object} Model
 * @property {Screen} screen
 * @property {Stage} stage
 * @property {string} session id, '' before there is one
 * @property {'webrtc'|'local'} media
 * @property {number} steps how many will come, 0 when unknown
 * @property {number} done how many are over
 * @property {{code: string, direction: Direction|null}|null} hint
 * @property {Prompt|null} prompt
 * @property {'go'|'return'} phase of the prompt
 * @property {number} fraction of the step, 0–1
 * @property {Band|null} band
 * @property {boolean} linked false while the connection is being restored
 * @property {import('../types/messages').Verdict|null} verdict
 * @property {string} problem a code of texts.js, '' when there is none
 */

/**
 * What the page itself has to say.
 * @typedef {{type: 'started'}|{type: 'camera_ready'}|{type: 'link', up: boolean}|{type: 'failed', code: string}|{type: 'reset'}} LocalEvent
 */
/** @typedef {ServerMessage|LocalEvent} Event */

/** @type {Readonly<Model>} */
export const initial = Object.freeze({
  screen: 'start', stage: 'camera', session: '', media: 'webrtc', steps: 0, done: 0,
  hint: null, prompt: null, phase: 'go', fraction: 0, band: null, linked: true, verdict: null, problem: '',
});

/** Not fatal, yet nothing can go on before they are mended: a kiosk's session waits until then. */
export const waitsForCamera = ['camera_absent', 'camera_busy'];

/** @param {Readonly<Model>} model @param {Event} event @returns {Readonly<Model>} */
export function reduce(model, event) {
  switch (event.type) {
    case 'started': return { ...initial, screen: 'live', stage: 'camera' };
    case 'camera_ready': return { ...model, stage: 'connecting' };
    case 'reset': return initial;
    case 'link': return { ...model, linked: event.up };
    case 'failed': return failed(model, event.code);
    case 'welcome':
      return { ...model, session: event.session, media: event.media, steps: event.digits + event.turns };
    case 'state': return entered(model, event.state);
    case 'hint': return hinted(model, event);
    case 'prompt':
      return {
        ...model, stage: 'challenge', prompt: event, steps: event.of, done: event.index,
        phase: 'go', fraction: 0, band: null,
      };
    case 'progress': return progressed(model, event);
    case 'verdict': // after a fatal error it only repeats in general what the error said
      return { ...model, screen: model.problem ? 'error' : 'verdict', verdict: event, prompt: null, hint: null };
    case 'error':
      return event.fatal || waitsForCamera.includes(event.code) ? failed(model, event.code) : model;
    case 'answer':
    case 'candidate':
    case 'light':
    case 'score': // exact scores are for the integrator; the page shows bands
      return model;
    default:
      /** @satisfies {never} */ (event);
      return model;
  }
}

/**
 * A verdict stands, whatever happens to the connection after it, and the first
 * cause is the one to show.
 * @param {Readonly<Model>} model @param {string} code @returns {Readonly<Model>}
 */
function failed(model, code) {
  return model.verdict || model.problem ? model : { ...model, screen: 'error', problem: code };
}

/** @param {Readonly<Model>} model @param {import('../types/messages').State} state @returns {Readonly<Model>} */
function entered(model, state) {
  switch (state) {
    case 'connecting':
      return { ...model, stage: state };
    case 'framing': // a camera that was waited for is there
      return { ...model, screen: 'live', stage: state, prompt: null, problem: '' };
    case 'challenge':
      return { ...model, stage: state };
    case 'deciding':
      return { ...model, stage: state, prompt: null, hint: null, done: model.steps };
    case 'done': return model; // the verdict came before it
    case 'expired': return failed(model, 'timeout');
    case 'failed': return failed(model, 'internal');
    default:
      /** @satisfies {never} */ (state);
      return model;
  }
}

/** @param {Readonly<Model>} model @param {import('../types/messages').Hint} m @returns {Readonly<Model>} */
function hinted(model, m) {
  if (m.code === 'none') return { ...model, hint: null };
  return { ...model, hint: { code: m.code, direction: m.direction || null } };
}

/** @param {Readonly<Model>} model @param {import('../types/messages').Progress} m @returns {Readonly<Model>} */
function progressed(model, m) {
  if (m.phase === 'done') {
    const over = { ...model, done: Math.max(model.done, m.index + 1), fraction: 0, band: m.band || model.band };
    if (model.prompt?.index !== m.index) return over;
    if (model.prompt.kind === 'turn') return { ...over, phase: 'return' }; // the next one waits until the head is back
    return model.prompt.position + 1 < model.prompt.phrase.length ? over : { ...over, prompt: null };
  }
  if (model.prompt?.index !== m.index) return model; // late word of a step that is over
  // A step that has just begun is not weak: the word comes when there is something to say.
  const band = m.phase === 'go' && m.band === 'weak' ? model.band : m.band || model.band;
  return { ...model, phase: m.phase, fraction: m.fraction ?? model.fraction, band };
}
