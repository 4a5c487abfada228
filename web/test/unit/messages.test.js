import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { MessageError, encode, parseServer } from '../../page/messages.js';
import { parsePage } from '../support/messages.mjs';

const golden = new URL('../../../signaling/testdata/', import.meta.url);

/** @param {string} side */
function examples(side) {
  const dir = new URL(`${side}/`, golden);
  return readdirSync(dir).filter((f) => f.endsWith('.json')).map((file) => ({ file, json: readFileSync(new URL(file, dir), 'utf8') }));
}

for (const [side, parse, types] of /** @type {const} */ ([
  ['server', parseServer, ['welcome', 'answer', 'candidate', 'state', 'hint', 'prompt', 'progress', 'light', 'score', 'verdict', 'error']],
  ['page', parsePage, ['hello', 'offer', 'candidate', 'prompt_shown', 'light_shown', 'lights_declined', 'device', 'restart', 'bye']],
])) {
  const all = examples(side);
  test(`golden messages of the ${side}: every type has one`, () => {
    assert.ok(all.length > 0, `signaling/testdata/${side} is empty`);
    assert.deepEqual([...new Set(all.map(({ file }) => file.split('.')[0]))].sort(), [...types].sort());
  });
  for (const { file, json } of all) {
    test(`golden ${side}/${file} is read and written as it is`, () => {
      const want = JSON.parse(json);
      const got = parse(json);
      assert.deepEqual(got, want);
      assert.deepEqual(JSON.parse(encode(/** @type {any} */ (got))), want);
    });
    test(`golden ${side}/${file}: a further field is ignored, another type refused`, () => {
      assert.doesNotThrow(() => parse(JSON.stringify({ ...JSON.parse(json), later: { x: 1 } })));
      refused(() => parse(JSON.stringify({ ...JSON.parse(json), type: 'constructor' })), 'unknown_type');
      refused(() => parse(JSON.stringify({ ...JSON.parse(json), v: 2 })), 'unsupported_version');
    });
  }
}

for (const [name, m] of Object.entries({
  'an unknown state': { type: 'state', state: 'sleeping' },
  'a fraction over 1': { type: 'progress', index: 0, phase: 'go', fraction: 1.1 },
  'a negative index': { type: 'prompt', index: -1, of: 1, kind: 'turn', direction: 'left', time_ms: 1 },
  'a turn without direction': { type: 'prompt', index: 0, of: 1, kind: 'turn', time_ms: 1 },
  'a digit that is a number': { type: 'prompt', index: 0, of: 1, kind: 'digit', digit: 4, phrase: '4', position: 0, time_ms: 1 },
  'two digits at once': { type: 'prompt', index: 0, of: 1, kind: 'digit', digit: '47', phrase: '47', position: 0, time_ms: 1 },
  'a check without a name': { type: 'verdict', outcome: 'live', checks: [{ checked: true }] },
  'an outcome of its own': { type: 'verdict', outcome: 'maybe' },
  'a list for a text': { type: 'hint', code: ['no_face'] },
})) {
  test(`malformed: ${name}`, () => refused(() => parseServer(JSON.stringify({ v: 1, ...m })), 'malformed'));
}

test('malformed: no JSON, no object', () => {
  for (const json of ['', '{', 'null', '7', '[]']) {
    assert.throws(() => parseServer(json), MessageError, json);
  }
});

/** @param {() => unknown} act @param {string} code */
function refused(act, code) {
  assert.throws(act, (e) => e instanceof MessageError && e.code === code, `want ${code}`);
}
