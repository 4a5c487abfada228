import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, digit, prompted, sees } from './support.mjs';

const run = bench();
const kiosk = { path: '/kiosk.html', clock: true, greet: (/** @type {any} */ f) => f.welcome('local') };

test('it invites, begins when somebody steps up, answers, and forgets', run(async ({ page, fake, site, errors }) => {
  await fake.heard('hello');
  fake.say('state', { state: 'framing' });
  fake.say('hint', { code: 'no_face', blocking: true });
  await sees(page, 'Step up and look at the camera');
  assert.equal(await page.locator('img.mirrored').count(), 0, 'no picture while nobody is meant');
  fake.say('hint', { code: 'too_far', blocking: true });
  await sees(page, 'Come closer');
  assert.equal(await page.locator('img.mirrored').getAttribute('src'), '/v1/preview');
  const asked = prompted({ page, fake, site, errors }, digit);
  await page.clock.runFor(100);
  await asked;
  assert.ok(!fake.received.some((m) => m.type === 'offer'), 'the camera is the server’s');
  fake.say('verdict', { outcome: 'live', reasons: [], checks: [{ name: 'motion', checked: true, band: 'good' }] });
  fake.say('state', { state: 'done' });
  await sees(page, 'You are confirmed');
  assert.equal(await page.locator('img.mirrored').count(), 0, 'no picture is fetched under the answer');
  await page.clock.runFor(12_500);
  await sees(page, 'Step up and look at the camera');
  assert.equal(await page.locator('img.mirrored').count(), 0);
  await fake.heard('hello', () => fake.connections === 2);
}, kiosk));

test('somebody who leaves is not waited for', run(async ({ page, fake }) => {
  await fake.heard('hello');
  fake.say('state', { state: 'framing' });
  fake.say('hint', { code: 'too_far', blocking: true });
  await sees(page, 'Come closer');
  fake.say('hint', { code: 'no_face', blocking: true });
  await sees(page, 'Move your face into the picture');
  await page.clock.runFor(8_500);
  await sees(page, 'Step up and look at the camera');
  assert.equal((await fake.heard('bye')).reason, 'cancelled');
}, kiosk));

test('somebody who only looks away goes on', run(async ({ page, fake }) => {
  await fake.heard('hello');
  fake.say('state', { state: 'framing' });
  fake.say('hint', { code: 'too_far', blocking: true });
  await sees(page, 'Come closer');
  fake.say('hint', { code: 'no_face', blocking: true });
  await sees(page, 'Move your face into the picture');
  await page.clock.runFor(5_000);
  fake.say('hint', { code: 'too_near', blocking: true });
  await sees(page, 'Move back a little');
  await page.clock.runFor(5_000);
  await sees(page, 'Move back a little');
  assert.equal(fake.connections, 1);
}, kiosk));

test('an empty room is no fault: the next session waits on', run(async ({ page, fake }) => {
  await fake.heard('hello');
  fake.say('state', { state: 'framing' });
  fake.say('hint', { code: 'no_face', blocking: true });
  fake.say('verdict', { outcome: 'undecided', reasons: ['session.no_face'] });
  await page.clock.runFor(1_000);
  await fake.heard('hello', () => fake.connections === 2);
  await sees(page, 'Step up and look at the camera');
}, kiosk));

for (const [code, title] of /** @type {const} */ ([['camera_absent', 'The camera is not connected'], ['camera_busy', 'The camera is in use by another program']])) {
  test(`${code} is told and goes when the camera comes`, run(async ({ page, fake }) => {
    await fake.heard('hello');
    fake.say('error', { code, message: '', fatal: false });
    await sees(page, title);
    await page.clock.runFor(20_000);
    assert.equal(fake.connections, 1, 'the same session waits');
    fake.say('state', { state: 'framing' });
    await sees(page, 'Step up and look at the camera');
  }, kiosk));
}

test('an unplugged camera takes the person off the screen and is tried again', run(async ({ page, fake }) => {
  await fake.heard('hello');
  fake.say('state', { state: 'framing' });
  fake.say('hint', { code: 'moving', blocking: false });
  await sees(page, 'Hold still');
  fake.say('error', { code: 'camera_unplugged', message: '', fatal: true });
  fake.say('verdict', { outcome: 'undecided', reasons: ['session.no_media'] });
  fake.say('state', { state: 'failed' });
  await sees(page, 'The camera was unplugged');
  assert.equal(await page.locator('img.mirrored').count(), 0);
  await page.clock.runFor(3_500);
  await fake.heard('hello', () => fake.connections === 2);
  await sees(page, 'The camera was unplugged');
  fake.say('state', { state: 'framing' });
  await sees(page, 'Step up and look at the camera');
}, kiosk));

test('a server that is gone is asked again until it is back', run(async ({ page, fake, site }) => {
  await fake.heard('hello');
  site.refuse({ status: 503, code: 'draining' });
  await fake.close(1001);
  await sees(page, 'The server is about to restart');
  await page.clock.runFor(7_000);
  site.refuse(null);
  await page.clock.runFor(3_500);
  await fake.heard('hello', () => fake.connections === 2);
}, { ...kiosk, expected: /503/ }));
