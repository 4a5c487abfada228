// The microphone is offered, never asked for unasked, and never needed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, framing } from './support.mjs';

const silent = bench({});
const listening = bench({}, { microphone: true });
const box = (/** @type {import('playwright-core').Page} */ page) => page.getByRole('checkbox', { name: /microphone/ });

/** Counts what the page asks the browser for. */
const count = () => {
  const asked = /** @type {string[]} */ ([]);
  Object.assign(globalThis, { asked });
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (c) => {
    asked.push(Object.keys(c ?? {}).join());
    return real(c);
  };
};

/** Refuses the microphone as a person does. */
const refuse = () => {
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (c) => (c?.audio ? Promise.reject(new DOMException('no', 'NotAllowedError')) : real(c));
};

/** The kinds of media in the offer. @param {import('../support/fake.mjs').FakeServer} fake */
const offered = async (fake) => (await fake.heard('offer')).sdp.split('\r\n').filter((/** @type {string} */ l) => l.startsWith('m=')).map((/** @type {string} */ l) => l.slice(2, 7));

test('a server that does not listen: no box, no question', silent(async (b) => {
  await framing(b);
  assert.equal(await box(b.page).count(), 0);
  assert.deepEqual(await offered(b.fake), ['video']);
  assert.deepEqual(await b.page.evaluate('asked'), ['video']);
}, { script: count }));

test('a server that listens: the box is not ticked, and nothing is asked for', listening(async (b) => {
  await box(b.page).waitFor();
  assert.equal(await box(b.page).isChecked(), false);
  await framing(b);
  assert.deepEqual(await offered(b.fake), ['video']);
  assert.deepEqual(await b.page.evaluate('asked'), ['video']);
}, { script: count, greet: (f) => f.welcome('webrtc', { microphone: true }) }));

test('ticked: the sound is sent, and only sent', listening(async (b) => {
  await box(b.page).check();
  await framing(b);
  assert.deepEqual(await offered(b.fake), ['video', 'audio']);
  const { sdp } = await b.fake.heard('offer');
  assert.equal(sdp.split('a=sendonly').length - 1, 2);
  assert.deepEqual(await b.page.evaluate('asked'), ['video', 'audio']);
}, { script: count, greet: (f) => f.welcome('webrtc', { microphone: true }) }));

test('a session that does not listen gets no sound', listening(async (b) => {
  await box(b.page).check();
  await framing(b);
  assert.deepEqual(await offered(b.fake), ['video']);
}));

test('refused: the check goes on without', listening(async (b) => {
  await box(b.page).check();
  await framing(b);
  assert.deepEqual(await offered(b.fake), ['video']);
  await b.page.getByRole('heading', { level: 1, name: 'Good. Stay like this' }).waitFor();
}, { script: refuse, greet: (f) => f.welcome('webrtc', { microphone: true }) }));
