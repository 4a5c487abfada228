// Coloured light is asked for by few servers, is slow, and may be declined.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, framing } from './support.mjs';

const on = bench();
const greet = (/** @type {import('../support/fake.mjs').FakeServer} */ f) => f.welcome('webrtc', { lights: true });
const decline = (/** @type {import('playwright-core').Page} */ page) => page.getByRole('button', { name: 'No coloured light' });
const paper = (/** @type {import('playwright-core').Page} */ page) => page.evaluate(() => document.documentElement.style.getPropertyValue('--paper'));
const light = (/** @type {number} */ index, /** @type {string} */ colour) => ({ index, colour, time_ms: 1400 });

test('the page fades to each colour and says so, one a second at most', on(async (b) => {
  await framing(b);
  await decline(b.page).waitFor();
  b.fake.say('light', light(0, '#6ecb82'));
  b.fake.say('light', light(1, '#96b6ff')); // too soon, whatever the server says
  await b.fake.heard('light_shown', (m) => m.index === 0);
  const first = Date.now();
  assert.equal(await paper(b.page), '#6ecb82');
  await b.fake.heard('light_shown', (m) => m.index === 1);
  assert.ok(Date.now() - first > 700, `the second colour came ${Date.now() - first} ms after the first`);
  assert.equal(await paper(b.page), '#96b6ff');
}, { greet }));

test('declined: the colour goes, the server is told, the check goes on', on(async (b) => {
  await framing(b);
  b.fake.say('light', light(0, '#6ecb82'));
  await b.fake.heard('light_shown');
  await decline(b.page).click();
  await b.fake.heard('lights_declined');
  assert.equal(await paper(b.page), '');
  assert.equal(await decline(b.page).count(), 0);
  await b.page.getByRole('heading', { level: 1, name: 'Good. Stay like this' }).waitFor();
}, { greet }));

test('who wants less motion is not asked', on(async (b) => {
  await framing(b);
  await b.fake.heard('lights_declined');
  b.fake.say('light', light(0, '#6ecb82'));
  await b.page.getByRole('heading', { level: 1, name: 'Good. Stay like this' }).waitFor();
  assert.equal(await paper(b.page), '');
}, { greet, settings: { reducedMotion: 'reduce' } }));

test('the colour ends with the verdict', on(async (b) => {
  await framing(b);
  b.fake.say('light', light(0, '#6ecb82'));
  await b.fake.heard('light_shown');
  b.fake.say('verdict', { outcome: 'live', reasons: [], checks: [] });
  b.fake.say('state', { state: 'done' });
  b.fake.close(1000);
  await b.page.waitForFunction(() => document.documentElement.style.getPropertyValue('--paper') === '');
}, { greet }));

test('a server that does not ask: no button, and a stray colour does nothing', on(async (b) => {
  await framing(b);
  b.fake.say('light', light(0, '#6ecb82'));
  await b.page.getByRole('heading', { level: 1, name: 'Good. Stay like this' }).waitFor();
  assert.equal(await decline(b.page).count(), 0);
  assert.equal(await paper(b.page), '');
}));
