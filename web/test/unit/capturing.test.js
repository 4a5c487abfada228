// What the capture element tells of a picture, and how much of it goes over the wire.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { refusal } from '../../capture/camera.js';
import { optional, place } from '../../capture/eye.js';
import { faults, lumaOf, measure } from '../../capture/picture.js';
import { Server } from '../../capture/server.js';
import { texts } from '../../capture/texts.js';

const width = 160;
const height = 120;

/** A picture by its luma. @param {(x: number, y: number) => number} l */
function picture(l) {
  const luma = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) luma[y * width + x] = Math.max(0, Math.min(255, l(x, y)));
  return luma;
}
const detail = (/** @type {number} */ x, /** @type {number} */ y) => 120 + 40 * Math.sin(x * 1.3) * Math.cos(y * 1.1) + 30 * Math.sin(x / 5);
const soft = (/** @type {number} */ x, /** @type {number} */ y) => 125 + 115 * Math.sin(x / 14) * Math.cos(y / 11);

for (const [name, now, before, want] of /** @type {const} */ ([
  ['good', detail, detail, []],
  ['dark', (/** @type {number} */ x, /** @type {number} */ y) => detail(x, y) / 4, null, ['dark_image', 'moving']],
  ['burnt', () => 255, () => 255, ['bright_image', 'face_blurry']],
  ['out of focus', soft, soft, ['face_blurry']],
  ['moving', detail, (/** @type {number} */ x, /** @type {number} */ y) => detail(x + 3, y), ['moving']],
  ['the first', detail, null, ['moving']],
])) {
  test(`a picture that is ${name}`, () => {
    const m = measure(picture(now), width, height, before && picture(before));
    assert.deepEqual(faults(m), [...want], JSON.stringify(m));
  });
}

test('only the oval counts', () => {
  const a = picture(detail);
  const b = picture((x, y) => (x < 30 || x > 130 ? 0 : detail(x, y)));
  assert.deepEqual(measure(a, width, height, a), measure(b, width, height, b));
});

test('luma is that of BT.601', () => {
  assert.deepEqual([...lumaOf([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255], 4, 1)], [76, 150, 29, 255]);
});

for (const [name, faces, want] of /** @type {const} */ ([
  ['nobody', [], ['face_not_found']],
  ['one', [{ x: 200, y: 120, width: 240, height: 240 }], []],
  ['two', [{ x: 0, y: 0, width: 99, height: 99 }, { x: 300, y: 0, width: 99, height: 99 }], ['too_many_faces']],
  ['far and aside', [{ x: 0, y: 200, width: 60, height: 80 }], ['face_too_far', 'face_not_centered']],
  ['close', [{ x: 100, y: 20, width: 400, height: 440 }], ['face_too_close']],
])) {
  test(`faces: ${name}`, () => assert.deepEqual(place([...faces], 640, 480), want));
}

test('everything that can be said has a text', () => {
  const said = ['face_not_found', 'too_many_faces', 'face_too_far', 'face_too_close', 'face_cropped', 'face_angle', 'mouth_hidden', 'bright_image', 'moving',
    ...Object.values(optional).map((c) => c.error), ...['NotAllowedError', 'NotFoundError', 'NotReadableError', 'x'].map((name) => refusal({ name }))];
  for (const code of said) assert.ok(code in texts, code);
});

test('the server: a nonce that cannot be had is none, a look that cannot be had says nothing, a key that cannot be had is an error', async () => {
  const s = new Server('http://127.0.0.1:9/');
  assert.equal(await s.nonce(), '');
  assert.equal(await s.look(new Blob([]), 'token'), null);
  await assert.rejects(s.key());
});

const dir = new URL('../../capture/', import.meta.url);
const files = readdirSync(dir).map((name) => ({ name, body: readFileSync(new URL(name, dir)) }));

test('the element and all it loads is less than 20 kB over the wire', (t) => {
  const sizes = files.filter((f) => f.name.endsWith('.js') && f.name !== 'demo.js').map((f) => ({ name: f.name, gzip: gzipSync(f.body, { level: 9 }).length }));
  const sum = sizes.reduce((n, s) => n + s.gzip, 0);
  t.diagnostic(`${sum} bytes: ${sizes.map((s) => `${s.name} ${s.gzip}`).join(', ')}`);
  assert.ok(sum < 20_000, `${sum} bytes of gzip`);
});

test('nothing in it is what a strict policy refuses', () => {
  for (const { name, body } of files.filter((f) => /\.(js|html|css)$/.test(f.name))) {
    const js = body.toString().replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
    assert.doesNotMatch(js, /\beval\(|new Function|setTimeout\(\s*['"`]|createObjectURL|['"`(]data:|['"`]blob:/, name);
    assert.doesNotMatch(js, /setAttribute\(\s*['"]style|innerHTML|\son[a-z]+="|<style|\sstyle\s*=|@import|url\(/, name);
    if (name.endsWith('.html')) assert.doesNotMatch(js, /<script(?![^>]*\ssrc=)/, name);
  }
});
