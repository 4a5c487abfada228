// Checks the messages of signaling/protocol.md, version 1 (types: ../types/messages.d.ts). Unknown fields are left alone; a field that is wrong
// stops the session with `malformed`, so that a fault is seen and not guessed around.

/** The version that every message carries. */
export const version = 1;

/** A message that this page does not understand; `code` is one of protocol.md §6. */
export class MessageError extends Error {
  /** @param {'malformed'|'unknown_type'|'unsupported_version'} code @param {string} detail */
  constructor(code, detail) {
    super(detail);
    this.name = 'MessageError';
    this.code = code;
  }
}

/** @typedef {(x: unknown) => boolean} Test */
/** @typedef {{[field: string]: Test}} Fields */

/** @type {Test} */ export const text = (x) => typeof x === 'string';
/** @type {Test} */ export const number = (x) => typeof x === 'number' && Number.isFinite(x);
/** @type {Test} */ export const whole = (x) => Number.isInteger(x) && /** @type {number} */ (x) >= 0;
/** @type {Test} */ const truth = (x) => typeof x === 'boolean';
/** @type {Test} */ const unit = (x) => number(x) && /** @type {number} */ (x) >= 0 && /** @type {number} */ (x) <= 1;
/** @param {...string} words @returns {Test} */
export const one = (...words) => (x) => text(x) && words.includes(/** @type {string} */ (x));
/** A field that may be left out, null or empty. @param {Test} test @returns {Test} */
export const opt = (test) => (x) => x === undefined || x === null || x === '' || test(x);
/** @param {Test} test @returns {Test} */
const list = (test) => (x) => Array.isArray(x) && x.every(test);
/** @param {Fields} fields @returns {Test} */
export const record = (fields) => (x) => typeof x === 'object' && x !== null && wrong(x, fields) === '';

/** Names the first wrong field; '' when all are right. @param {object} x @param {Fields} fields */
function wrong(x, fields) {
  const values = /** @type {{[field: string]: unknown}} */ (x);
  return Object.keys(fields).find((name) => !fields[name]?.(values[name])) ?? '';
}

const direction = one('left', 'right', 'up', 'down');
const band = one('weak', 'fair', 'good');
export const candidate = { candidate: text, sdp_mid: opt(text), sdp_mline_index: opt(whole) };

/** @type {{[type: string]: Fields}} */
const fromServer = {
  welcome: {
    session: text, media: one('webrtc', 'local'), digits: whole, turns: whole, microphone: opt(truth), lights: opt(truth), expires_in_ms: opt(whole),
    ice_servers: opt(list(record({ urls: (x) => text(x) || list(text)(x), username: opt(text), credential: opt(text) }))),
  },
  answer: { sdp: text },
  candidate,
  state: { state: one('connecting', 'framing', 'challenge', 'deciding', 'done', 'expired', 'failed') },
  hint: { code: text, direction: opt(direction), blocking: opt(truth) },
  prompt: { index: whole, of: whole, kind: one('turn', 'digit'), again: opt(truth), time_ms: whole },
  progress: { index: whole, phase: one('go', 'return', 'done'), fraction: opt(unit), band: opt(band) },
  light: { index: whole, colour: (x) => text(x) && /^#[\da-f]{6}$/.test(String(x)), time_ms: whole },
  score: { name: text, checked: truth, step: opt(whole), value: opt(unit), settled: opt(truth), reasons: opt(list(text)) },
  verdict: {
    outcome: one('live', 'spoof', 'undecided'), reasons: opt(list(text)), witnesses: opt(list(text)),
    checks: opt(list(record({ name: text, checked: truth, band: opt(band) }))),
  },
  error: { code: text, message: opt(text), fatal: opt(truth) },
};

/** What a prompt of one kind has besides. @type {{[kind: string]: Fields}} */
const prompts = {
  turn: { direction },
  digit: { digit: (x) => /^[0-9]$/.test(String(x)) && text(x), phrase: text, position: whole },
};

/** @param {string} json @param {{[type: string]: Fields}} known */
export function parse(json, known) {
  let m;
  try {
    m = JSON.parse(json);
  } catch {
    throw new MessageError('malformed', 'not JSON');
  }
  if (typeof m !== 'object' || m === null) throw new MessageError('malformed', 'not an object');
  if (m.v !== version) throw new MessageError('unsupported_version', `v is ${m.v}, want ${version}`);
  const fields = Object.hasOwn(known, m.type) ? known[m.type] : undefined;
  if (!fields) throw new MessageError('unknown_type', `type ${m.type}`);
  const bad = wrong(m, fields) || (m.type === 'prompt' ? wrong(m, prompts[m.kind] ?? {}) : '');
  if (bad) throw new MessageError('malformed', `${m.type}: ${bad} is wrong`);
  return m;
}

/** Reads a message of the server; throws MessageError. @param {string} json @returns {import('../types/messages').ServerMessage} */
export const parseServer = (json) => parse(json, fromServer);

/** @param {import('../types/messages').PageMessage} m */
export const encode = (m) => JSON.stringify({ v: version, ...m });
