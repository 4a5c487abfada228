import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initial, reduce } from '../../page/flow.js';

/** @param {any[]} events */
const after = (...events) => events.reduce(reduce, initial);
const welcome = { type: 'welcome', session: 's1', media: 'webrtc', digits: 2, turns: 1 };
const turn = { type: 'prompt', index: 0, of: 3, kind: 'turn', direction: 'left', time_ms: 6000 };
const digit = { type: 'prompt', index: 1, of: 3, kind: 'digit', digit: '4', phrase: '47', position: 0, time_ms: 1500 };
const state = (/** @type {string} */ s) => ({ type: 'state', state: s });
const begun = [{ type: 'started' }, { type: 'camera_ready' }, welcome];

test('a session from start to verdict', () => {
  /** @type {[any, Partial<import('../../page/flow.js').Model>][]} */
  const story = [
    [{ type: 'started' }, { screen: 'live', stage: 'camera' }],
    [{ type: 'camera_ready' }, { stage: 'connecting' }],
    [welcome, { session: 's1', steps: 3, stage: 'connecting' }],
    [state('framing'), { stage: 'framing', hint: null }],
    [{ type: 'hint', code: 'off_centre', direction: 'left', blocking: true }, { hint: { code: 'off_centre', direction: 'left' } }],
    [{ type: 'hint', code: 'none', blocking: false }, { hint: null }],
    [state('challenge'), { stage: 'challenge', prompt: null }],
    [turn, { prompt: turn, done: 0, phase: 'go', fraction: 0 }],
    [{ type: 'progress', index: 0, phase: 'go', fraction: 0.5, band: 'weak' }, { fraction: 0.5, band: null }],
    [{ type: 'progress', index: 0, phase: 'go', fraction: 0.6, band: 'fair' }, { fraction: 0.6, band: 'fair' }],
    [{ type: 'progress', index: 0, phase: 'return', fraction: 0.8, band: 'good' }, { phase: 'return', band: 'good' }],
    [{ type: 'progress', index: 0, phase: 'done', fraction: 1, band: 'good' }, { done: 1, fraction: 0, phase: 'return' }],
    [digit, { prompt: digit, done: 1, phase: 'go', band: null }],
    [{ type: 'progress', index: 1, phase: 'done', fraction: 1, band: 'good' }, { prompt: digit, done: 2 }],
    [{ ...digit, index: 2, digit: '7', position: 1 }, { done: 2 }],
    [{ type: 'progress', index: 2, phase: 'done', fraction: 1, band: 'good' }, { prompt: null, done: 3 }],
    [state('deciding'), { stage: 'deciding', prompt: null, done: 3 }],
    [{ type: 'verdict', outcome: 'live', reasons: [] }, { screen: 'verdict' }],
    [state('done'), { screen: 'verdict' }],
  ];
  let model = initial;
  for (const [event, want] of story) {
    model = reduce(model, event);
    for (const [k, v] of Object.entries(want)) assert.deepEqual(/** @type {any} */ (model)[k], v, `${k} after ${JSON.stringify(event)}`);
  }
});

test('the verdict stands, whatever the connection does after it', () => {
  const m = after(...begun, { type: 'verdict', outcome: 'live' }, { type: 'failed', code: 'connection_lost' }, { type: 'error', code: 'internal', fatal: true }, state('failed'));
  assert.equal(m.screen, 'verdict');
  assert.equal(m.problem, '');
});

test('a fatal error shows; the general verdict and states after it do not hide it', () => {
  const m = after(...begun, { type: 'error', code: 'media_failed', fatal: true }, { type: 'verdict', outcome: 'undecided', reasons: ['session.no_media'] }, state('failed'), { type: 'failed', code: 'connection_lost' });
  assert.equal(m.screen, 'error');
  assert.equal(m.problem, 'media_failed');
});

for (const [name, last, problem] of /** @type {const} */ ([
  ['expired', state('expired'), 'timeout'], ['failed', state('failed'), 'internal'],
])) {
  test(`state ${name} without more is an error`, () => assert.equal(after(...begun, last).problem, problem));
}

test('an error that is not fatal changes nothing, but that of a camera which is waited for', () => {
  assert.deepEqual(after(...begun, { type: 'error', code: 'out_of_order', fatal: false }), after(...begun));
  const waiting = after(...begun, { type: 'error', code: 'camera_busy', fatal: false });
  assert.equal(waiting.screen, 'error');
  const back = reduce(waiting, /** @type {any} */ (state('framing')));
  assert.deepEqual([back.screen, back.problem], ['live', '']);
});

test('late progress of a step that is over does not touch the next one', () => {
  const m = after(...begun, turn, digit, { type: 'progress', index: 0, phase: 'go', fraction: 0.9, band: 'good' });
  assert.deepEqual([m.fraction, m.band], [0, null]);
});

test('a retry begins afresh', () => {
  const m = after(...begun, digit, { type: 'failed', code: 'connection_lost' }, { type: 'started' });
  assert.deepEqual(m, after({ type: 'started' }));
});

test('a broken link is told and mended', () => {
  const broken = after(...begun, { type: 'link', up: false });
  assert.equal(broken.linked, false);
  assert.equal(reduce(broken, { type: 'link', up: true }).linked, true);
});

test('models are never changed in place', () => {
  const m = Object.freeze(after(...begun));
  for (const e of [turn, state('framing'), { type: 'hint', code: 'moving' }, { type: 'verdict', outcome: 'spoof' }]) {
    assert.doesNotThrow(() => reduce(m, /** @type {any} */ (e)));
  }
});
