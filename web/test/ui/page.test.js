import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, digit, framing, prompted, sees, turn } from './support.mjs';

const run = bench({ cameras: 2 });
const heading = (/** @type {import('playwright-core').Page} */ page, /** @type {string} */ name) => page.getByRole('heading', { level: 1, name }).waitFor();

test('start asks for the camera, greets, offers one sent video with VP8 first', run(async (b) => {
  await framing(b);
  const types = b.fake.received.map((m) => m.type).filter((t) => t !== 'candidate');
  assert.deepEqual(types, ['hello', 'offer', 'device']);
  const { sdp } = await b.fake.heard('offer');
  const lines = sdp.split('\r\n');
  const media = lines.filter((l) => l.startsWith('m='));
  assert.equal(media.length, 1);
  const first = media[0].split(' ')[3];
  assert.ok(lines.includes(`a=rtpmap:${first} VP8/90000`), media[0]);
  assert.ok(lines.includes('a=sendonly'));
  const device = await b.fake.heard('device');
  assert.deepEqual([device.width, device.height], [640, 480]);
  await heading(b.page, 'Good. Stay like this');
  assert.equal(await b.page.locator('video').evaluate((v) => getComputedStyle(v).transform), 'matrix(-1, 0, 0, 1, 0, 0)', 'mirrored by CSS');
}));

test('what the server says in one breath with its welcome is not lost', run(async ({ page }) => {
  await page.getByRole('button', { name: 'Start the check' }).press('Enter');
  await heading(page, 'Come closer');
}, { greet: (f) => {
  f.welcome();
  f.say('state', { state: 'framing' });
  f.say('hint', { code: 'too_far', blocking: true });
} }));

test('one hint at a time, told politely, with an arrow where there is a way to go', run(async (b) => {
  await framing(b);
  b.fake.say('hint', { code: 'no_face', blocking: true });
  await heading(b.page, 'Move your face into the picture');
  b.fake.say('hint', { code: 'off_centre', direction: 'left', blocking: true });
  await heading(b.page, 'Move to your left');
  assert.equal(await b.page.locator('[role=status]').textContent(), 'Move to your left');
  const arrow = b.page.locator('.arrow');
  assert.equal(await arrow.getAttribute('data-to'), 'left');
  const box = await arrow.boundingBox();
  assert.ok(box && box.x + box.width < 640, 'their left is the left of the mirror');
  b.fake.say('hint', { code: 'none', blocking: false });
  await heading(b.page, 'Good. Stay like this');
  assert.equal(await arrow.isVisible(), false);
}));

test('a turn: arrow, words, assertive announcement, and back to the centre', run(async (b) => {
  await framing(b);
  await prompted(b, turn);
  await heading(b.page, 'Turn your head to your left');
  assert.equal(await b.page.locator('[aria-live=assertive]').textContent(), 'Turn your head to your left');
  b.fake.say('progress', { index: 0, phase: 'return', fraction: 0.6, band: 'good' });
  await heading(b.page, 'Back to the centre');
  assert.equal(await b.page.locator('.band').textContent(), 'Good');
  await sees(b.page, 'Step 1 of 8');
  for (const [index, direction, words] of /** @type {const} */ ([[1, 'right', 'Turn your head to your right'], [2, 'up', 'Lift your chin up'], [3, 'down', 'Lower your chin']])) {
    await prompted(b, { ...turn, index, direction });
    await heading(b.page, words);
    assert.equal(await b.page.locator('.arrow').getAttribute('data-to'), direction);
  }
  assert.deepEqual(b.fake.received.filter((m) => m.type === 'prompt_shown').map((m) => m.index), [0, 1, 2, 3], 'each prompt is acknowledged once');
}));

test('a digit: big, its place in the phrase lit, time running', run(async (b) => {
  await framing(b);
  await prompted(b, digit);
  const big = b.page.locator('.digit');
  assert.equal(await big.textContent(), '7');
  assert.ok(((await big.boundingBox())?.height ?? 0) >= 88);
  assert.deepEqual(await b.page.locator('.phrase li').allTextContents(), ['4', '7', '1', '9', '0', '6']);
  assert.equal(await b.page.locator('.phrase .now').textContent(), '7');
  assert.equal(await b.page.locator('[aria-live=assertive]').textContent(), 'Say 7');
  assert.equal(await b.page.locator('.pace i').evaluate((e) => e.getAnimations()[0]?.effect?.getTiming().duration), 3000);
}));

for (const [outcome, title, button, said] of /** @type {const} */ ([
  ['live', 'You are confirmed', 'Check again', 'Good'],
  ['spoof', 'We could not confirm a live person', 'Try again', 'keep the camera still'],
  ['undecided', 'We could not tell this time', 'Try again', 'keep the camera still'],
])) {
  test(`verdict ${outcome}: words, bands and another try`, run(async (b) => {
    await framing(b);
    b.fake.say('verdict', { outcome, reasons: outcome === 'live' ? [] : ['depth.flat'], checks: [{ name: 'depth', checked: true, band: 'good' }, { name: 'lips', checked: false }] });
    b.fake.say('state', { state: 'done' });
    await b.fake.close(1000);
    await heading(b.page, title);
    assert.equal(await b.page.evaluate(() => document.activeElement?.tagName), 'H1', 'the answer has the focus');
    await sees(b.page, said);
    await sees(b.page, 'Not checked');
    await b.page.getByRole('button', { name: button }).click();
    await b.fake.heard('hello', () => b.fake.connections === 2);
  }));
}

test('one more phrase says why', run(async (b) => {
  await framing(b);
  b.fake.say('state', { state: 'challenge' });
  b.fake.say('prompt', { index: 8, of: 12, kind: 'digit', digit: '5', phrase: '5032', position: 0, again: true, time_ms: 900 });
  await sees(b.page, 'Once more, please: we could not tell.');
  assert.equal(await b.page.locator('[aria-live=assertive]').textContent(), 'Once more. Say 5');
  b.fake.say('prompt', { index: 8, of: 9, kind: 'turn', direction: 'up', again: true, time_ms: 900 });
  await sees(b.page, 'Lift your chin up');
  await sees(b.page, 'Once more, please: we could not tell.');
  b.fake.say('progress', { index: 8, phase: 'return' });
  await sees(b.page, 'Back to the centre');
  assert.equal(await b.page.locator('[aria-live=assertive]').textContent(), 'Back to the centre');
}));

test('a retry keeps the stream: the camera is asked for once', run(async (b) => {
  await framing(b);
  b.fake.say('verdict', { outcome: 'undecided', reasons: ['face.lost'] });
  await b.page.getByRole('button', { name: 'Try again' }).click();
  await b.fake.heard('device', () => b.fake.received.filter((m) => m.type === 'device').length === 2);
  assert.equal(await b.page.evaluate(() => /** @type {any} */ (window).asked), 1);
}, { script: () => {
  const w = /** @type {any} */ (window);
  const devices = navigator.mediaDevices;
  const ask = devices.getUserMedia.bind(devices);
  w.asked = 0;
  devices.getUserMedia = (c) => (w.asked++, ask(c));
} }));

test('cancel says goodbye and switches the camera off', run(async (b) => {
  await framing(b);
  const track = await b.page.locator('video').evaluateHandle((v) => /** @type {MediaStream} */ (/** @type {HTMLVideoElement} */ (v).srcObject).getVideoTracks()[0]);
  await b.page.getByRole('button', { name: 'Cancel' }).click();
  assert.equal((await b.fake.heard('bye')).reason, 'cancelled');
  await heading(b.page, 'Show that it’s really you');
  assert.equal(await track.evaluate((t) => t?.readyState), 'ended');
}));

test('leaving the page says goodbye', run(async (b) => {
  await framing(b);
  await b.page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide')));
  assert.equal((await b.fake.heard('bye')).reason, 'navigated');
}));

test('another camera can be chosen while framing, and is remembered', run(async (b) => {
  await framing(b);
  const picker = b.page.getByRole('combobox', { name: 'Camera' });
  const options = await picker.locator('option').allTextContents();
  assert.equal(options.length, 2);
  await picker.selectOption({ index: 1 });
  const device = await b.fake.heard('device', (m) => m.label === options[1]);
  assert.ok(device);
  assert.equal(await b.page.evaluate(() => localStorage.getItem('vivavoce.camera')), await picker.inputValue());
  await prompted(b, turn);
  assert.equal(await picker.isVisible(), false, 'not in the middle of a challenge');
}));

test('a camera that stops ends the session and says so', run(async (b) => {
  await framing(b);
  await b.page.locator('video').evaluate((v) => /** @type {MediaStream} */ (/** @type {HTMLVideoElement} */ (v).srcObject).getVideoTracks()[0]?.dispatchEvent(new Event('ended')));
  assert.equal((await b.fake.heard('bye')).reason, 'camera_lost');
  await heading(b.page, 'The camera stopped');
}));

for (const [name, act, title, code] of /** @type {const} */ ([
  ['a dropped connection', (/** @type {any} */ f) => f.close(4999), 'The connection was lost', 'connection_lost'],
  ['a close because all slots are taken', (/** @type {any} */ f) => f.close(1013), 'Many people are being checked now', 'full'],
  ['a close that has a code', (/** @type {any} */ f) => f.close(4408), 'Nothing could be seen in time', 'timeout'],
  ['a fatal error', (/** @type {any} */ f) => f.say('error', { code: 'media_failed', message: '', fatal: true }), 'The video connection failed', 'media_failed'],
  ['a malformed message', (/** @type {any} */ f) => f.sayRaw('{"v":1,"type":"state","state":7}'), 'This page and the server do not match', 'malformed'],
])) {
  test(`${name} is told with its code and the check's id`, run(async (b) => {
    await framing(b);
    act(b.fake);
    await heading(b.page, title);
    await sees(b.page, `Code ${code} · check s-0001-7f3a91c2`);
    await b.page.getByRole('button', { name: 'Try again' }).click();
    await b.fake.heard('hello', () => b.fake.connections === 2);
  }, { expected: /message of the server/ }));
}

test('an unknown message and a small error change nothing', run(async (b) => {
  await framing(b);
  b.fake.say('weather', { sunny: true });
  b.fake.say('error', { code: 'out_of_order', message: '', fatal: false });
  b.fake.say('hint', { code: 'moving', blocking: false });
  await heading(b.page, 'Hold still');
}));

test('a full server is told before the check, and can be tried again', run(async ({ page, fake, site }) => {
  site.refuse({ status: 503, code: 'full' });
  await page.getByRole('button', { name: 'Start the check' }).click();
  await heading(page, 'Many people are being checked now');
  site.refuse(null);
  await page.getByRole('button', { name: 'Try again' }).click();
  await fake.heard('hello');
}, { expected: /503/ }));

test('a session of an integrator comes in the fragment and leaves the address', run(async ({ page, fake }) => {
  await page.getByRole('button', { name: 'Start the check' }).click();
  assert.equal((await fake.heard('hello')).token, 'given');
  assert.equal(new URL(page.url()).hash, '');
}, { path: '/#session=abc&token=given' }));

test('an app’s own browser is sent to a real one, or tried anyway', run(async ({ page, fake }) => {
  await heading(page, 'Open this page in your browser');
  await sees(page, 'Choose “Open in Safari”');
  await page.getByRole('button', { name: 'Try here anyway' }).click();
  await fake.heard('offer');
}, { settings: { userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 380.0' } }));

test('a path that breaks is restarted by ICE, and told meanwhile', run(async (b) => {
  await framing(b);
  await b.page.evaluate(() => /** @type {any} */ (window).peer.become('connected'));
  await b.page.evaluate(() => /** @type {any} */ (window).peer.become('failed'));
  await b.fake.heard('restart');
  await sees(b.page, 'Reconnecting…');
  await b.page.evaluate(() => /** @type {any} */ (window).peer.become('connected'));
  await b.page.getByText('Reconnecting…').waitFor({ state: 'hidden' });
}, { script: () => {
  // A peer connection that goes through the states it is told to.
  const w = /** @type {any} */ (window);
  w.RTCPeerConnection = class extends RTCPeerConnection {
    #state = 'new';
    constructor(/** @type {any} */ c) {
      super(c);
      w.peer = this;
    }

    /** @returns {any} */ get connectionState() {
      return this.#state;
    }

    /** @returns {any} */ get signalingState() {
      return 'stable';
    }

    become(/** @type {string} */ s) {
      this.#state = s;
      this.dispatchEvent(new Event('connectionstatechange'));
    }
  };
} }));

for (const [name, width, height] of /** @type {const} */ ([['a small phone', 320, 568], ['a phone', 390, 844], ['a phone on its side', 844, 390], ['a laptop', 1280, 720]])) {
  test(`${name} (${width}x${height}): nothing is cut off, the way out is always there`, run(async (b) => {
    const fits = async (/** @type {string} */ what, /** @type {boolean} */ whole) => {
      const o = await b.page.evaluate(() => ({ w: document.documentElement.scrollWidth, h: document.documentElement.scrollHeight }));
      assert.ok(o.w <= width, `${what}: ${o.w} wide`);
      if (whole) assert.ok(o.h <= height, `${what}: ${o.h} high, must not scroll`);
    };
    await fits('start', false);
    assert.ok(((await b.page.getByRole('button', { name: 'Start the check' }).boundingBox())?.y ?? 9999) < height, 'the button is seen without scrolling');
    await framing(b);
    b.fake.say('hint', { code: 'low_frame_rate', blocking: false });
    await heading(b.page, 'The picture comes slowly: close other programs, add light');
    await fits('framing', true);
    await prompted(b, turn);
    await fits('turn', true);
    await prompted(b, digit);
    await fits('digit', true);
    const box = await b.page.getByRole('button', { name: 'Cancel' }).boundingBox();
    assert.ok(box && box.x >= 0 && box.x + box.width <= width && box.y + box.height <= height, 'cancel is on the screen');
    assert.ok(box.height >= 44, 'and large enough to touch');
    b.fake.say('verdict', { outcome: 'spoof', reasons: ['depth.flat', 'mouth.still', 'rest.moved', 'motion.no_turn'], checks: ['depth', 'motion', 'mouth', 'lips'].map((name) => ({ name, checked: true, band: 'weak' })) });
    await heading(b.page, 'We could not confirm a live person');
    await fits('verdict', false);
    const again = await b.page.getByRole('button', { name: 'Try again' }).boundingBox();
    assert.ok(again && again.height < 60, `the button is ${again?.height} high`);
  }, { settings: { viewport: { width, height } } }));
}

test('with reduced motion nothing moves by itself', run(async (b) => {
  await framing(b);
  await prompted(b, turn);
  assert.equal(await b.page.evaluate(() => document.getAnimations().length), 0);
  await prompted(b, digit);
  const easing = await b.page.locator('.pace i').evaluate((e) => e.getAnimations()[0]?.effect?.getTiming().easing);
  assert.match(String(easing), /steps\(5/);
}, { settings: { reducedMotion: 'reduce' } }));
