// The capture element in a real browser against a running server: VIVAVOCE_URL says where, VIVAVOCE_KEY is an API key of it.
// What the cameras show: somebody out of a photograph that an npm package of models/ has, swaying and with a sensor's
// noise, because nobody is here; that the server calls such a picture of a picture live says nothing of its
// worth against one (web/capture/README.md).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { complaints, launch, makeEmptyRoom, scratch } from './support/browser.mjs';
import { perform } from './support/puppet.mjs';

const url = process.env.VIVAVOCE_URL;
const key = process.env.VIVAVOCE_KEY;
assert.ok(url && key, 'VIVAVOCE_URL must be the address of a running server, VIVAVOCE_KEY an API key of it');
const shots = process.env.SCREENSHOTS; // a folder, to look at

const sample = fileURLToPath(new URL('../../models/node_modules/@vladmandic/face-api/demo/sample6.jpg', import.meta.url));
const tmp = scratch();
after(() => tmp.remove());

/** @param {string} name @param {string} filter @param {number} seconds */
function camera(name, filter, seconds) {
  const to = join(tmp.dir, `${name}.y4m`);
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-loop', '1', '-framerate', '30', '-i', sample, '-t', String(seconds), '-vf', filter, '-pix_fmt', 'yuv420p', to]);
  return to;
}
// Nobody twice: a camera that plays the same second again is a replay, and the server says so.
let people = 0;
const somebody = () => {
  const n = people++;
  const seed = Math.floor(Math.random() * 1e6);
  const [x, y] = [1325 + 5 * n + seed % 7, 185 + 3 * n + seed % 5];
  return camera(`somebody${n}`, `crop=${540 - 8 * n}:${405 - 6 * n}:'${x}+14*sin(2*PI*t/6)':'${y}+5*sin(2*PI*t/8)',scale=640:480,noise=alls=6:allf=t:all_seed=${seed}`, 12);
};
const frozen = () => camera('frozen', 'crop=540:405:1325:185,scale=640:480', 1);

/**
 * Runs a test on a page before a camera; ends the browser.
 * @param {Parameters<typeof launch>[0]} how @param {(page: import('playwright-core').Page) => Promise<void>} body @param {RegExp} [expected] complaints that belong to it
 */
async function before(how, body, expected) {
  const browser = await launch(how);
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(20_000);
    const errors = complaints(page);
    await page.addInitScript(() => {
      /** @type {any} */ (window).violations = [];
      document.addEventListener('securitypolicyviolation', (e) => /** @type {any} */ (window).violations.push(`${e.violatedDirective} ${e.blockedURI}`));
    });
    await body(page);
    assert.deepEqual(await page.evaluate(() => /** @type {any} */ (window).violations), [], 'violations of the policy');
    assert.deepEqual(errors.filter((e) => !expected?.test(e)), []);
  } finally {
    await browser.close();
  }
}

/** @param {import('playwright-core').Page} page @param {string} name */
const screenshot = async (page, name) => {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
};

/** Opens the demo page and its camera. @param {import('playwright-core').Page} page @param {boolean} [token] with the server's looks */
async function opened(page, token = true) {
  await page.goto(`${url}/capture/`);
  if (token) {
    await page.getByLabel('API key or token').fill(String(key));
    await page.getByLabel('API key or token').blur();
    await page.waitForLoadState('networkidle');
  }
  await page.getByRole('button', { name: 'Open the camera' }).click();
  await page.getByRole('button', { name: 'Take the photo' }).waitFor();
}

/** Sends the form and reads the answer. @param {import('playwright-core').Page} page */
async function answered(page) {
  if (!(await page.getByLabel('API key or token').inputValue())) await page.getByLabel('API key or token').fill(String(key));
  await page.getByRole('button', { name: 'Send the form' }).click();
  await page.locator('pre:not([hidden])').waitFor();
  return JSON.parse(String(await page.locator('pre').textContent()));
}

test('somebody: the photo takes itself, the form is sent, the server answers valid', { skip: !existsSync(sample) && 'no photograph: run `make models`', timeout: 60_000 }, (t) => before({ y4m: somebody() }, async (page) => {
  await opened(page);
  await screenshot(page, 'live');
  await page.getByText('The photo is taken. Send the form.').waitFor();
  const body = await answered(page);
  await screenshot(page, 'valid');
  t.diagnostic(JSON.stringify(body));
  assert.equal(body.valid, true, JSON.stringify(body));
  assert.deepEqual(Object.keys(body), ['valid', 'api_response', 'id']);
  assert.equal(body.api_response.capture_liveness.probability, 1);
  assert.ok(body.api_response.face_liveness.probability >= 0.5);
}));

test('nationals/: the selfie goes with the packet', { skip: !existsSync(sample) && 'no photograph', timeout: 60_000 }, () => before({ y4m: somebody() }, async (page) => {
  await opened(page, false);
  await page.getByRole('button', { name: 'Take the photo' }).click();
  await page.getByText('The photo is taken. Send the form.').waitFor();
  await page.getByRole('radio', { name: 'nationals/' }).check();
  const body = await answered(page);
  assert.equal(body.registry, 'none');
  assert.equal(body.valid, true, JSON.stringify(body));
}));

test('without a token nobody knows of faces: a calm picture is taken all the same, later', { skip: !existsSync(sample) && 'no photograph', timeout: 60_000 }, () => before({ y4m: somebody() }, async (page) => {
  await page.goto(`${url}/capture/`);
  const how = await page.evaluate(async () => {
    const e = /** @type {any} */ (document.querySelector('idlive-face-capture'));
    const began = performance.now();
    const taken = new Promise((resolve) => { e.addEventListener('capture', () => resolve(performance.now() - began)); });
    await e.openCamera();
    return { after: await taken, by: e.checks().eyes_closed_check_enabled };
  });
  assert.ok(how.after > 2500, `after ${how.after} ms`);
  assert.deepEqual(how.by, { enabled: true, by: 'nobody' });
}));

test('a picture that stands still is an attack', { skip: !existsSync(sample) && 'no photograph', timeout: 60_000 }, () => before({ y4m: frozen() }, async (page) => {
  await opened(page);
  await page.getByText('The photo is taken. Send the form.').waitFor();
  const body = await answered(page);
  await screenshot(page, 'attack');
  assert.equal(body.error_code, 715, JSON.stringify(body));
  assert.equal(body.message, 'Attack detected in the sent image.');
  assert.equal(body.error_details.capture_liveness, 'For a positive result you must get 1, value achieved: 0.0.');
  assert.equal(body.error_details.api_response.capture_liveness.probability, 0);
}));

test('an empty room: nothing is taken by itself, and a photo of it has no face', { timeout: 60_000 }, () => before({ y4m: makeEmptyRoom(join(tmp.dir, 'room.y4m')) }, async (page) => {
  await opened(page);
  await page.getByText('No face is to be seen').waitFor();
  await screenshot(page, 'no-face');
  await page.setViewportSize({ width: 390, height: 844 });
  await screenshot(page, 'no-face-phone');
  await page.getByRole('button', { name: 'Take the photo' }).click();
  await page.getByText('The photo is taken. Send the form.').waitFor();
  const body = await answered(page);
  assert.ok(body.error_code === 704 || body.error_code === 715, JSON.stringify(body)); // the room stands still, too
}));

test('a rendered head before the camera: the server answers', { timeout: 60_000 }, (t) => before({}, async (page) => {
  const puppet = await perform(page, 'person');
  try {
    await opened(page, false);
    await page.getByRole('button', { name: 'Take the photo' }).click();
    await page.getByText('The photo is taken. Send the form.').waitFor();
    const body = await answered(page);
    t.diagnostic(JSON.stringify(body)); // whether it is called live is texture's; that it is answered is ours
    assert.equal(typeof body.valid, 'boolean');
    assert.ok(body.valid || body.error_code === 715 || (body.error_code >= 700 && body.error_code < 715), JSON.stringify(body));
  } finally {
    await puppet.close();
  }
}));

test('a camera that is refused: told, and nothing hangs', { timeout: 60_000 }, () => before({ camera: false }, async (page) => {
  await page.goto(`${url}/capture/`);
  await page.getByRole('button', { name: 'Open the camera' }).click();
  await page.getByRole('alert').getByText(/The camera was not allowed/).waitFor();
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  await screenshot(page, 'denied');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 390, height: 844 });
  await screenshot(page, 'denied-phone-dark');
}));

test('by the keyboard alone, and Close closes', { timeout: 60_000 }, () => before({ cameras: 2 }, async (page) => {
  await page.goto(`${url}/capture/`);
  await page.getByRole('button', { name: 'Open the camera' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Take the photo' }).waitFor();
  await page.keyboard.press('Tab'); // the camera to choose
  assert.equal(await page.evaluate(() => document.querySelector('idlive-face-capture')?.shadowRoot?.activeElement?.tagName), 'SELECT');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Open the camera' }).waitFor();
  assert.equal(await page.evaluate(() => document.querySelector('idlive-face-capture')?.shadowRoot?.activeElement?.textContent), 'Open the camera');
}));

test('the events, in order, each with a list of one', { skip: !existsSync(sample) && 'no photograph', timeout: 60_000 }, () => before({ y4m: somebody() }, async (page) => {
  await page.goto(`${url}/capture/`);
  const seen = await page.evaluate(async () => {
    document.querySelector('idlive-face-capture')?.remove();
    const e = /** @type {any} */ (document.createElement('idlive-face-capture'));
    /** @type {[string, any][]} */ const all = [];
    for (const name of ['beforeInitialize', 'initialize', 'beforeOpen', 'open', 'faceDetection', 'detection', 'beforeCapture', 'capture', 'close', 'error', 'licenseInfo']) {
      e.addEventListener(name, (/** @type {CustomEvent} */ c) => all.push([name, c.detail]));
    }
    e.setAttribute('payload_size', 'small');
    e.setAttribute('capture_mode', 'encryptedPayload');
    e.setExternalMeta('case 7');
    e.setCustomQualityFunction(({ image }) => image.width > 0);
    document.body.append(e);
    e.setLicense('any');
    await e.openCamera();
    const captured = await e.takePhoto();
    return { all: all.map(([n, d]) => [n, Array.isArray(d) && d.length === 1]), photo: captured.photo.size, packet: captured.encryptedFile.size, type: captured.photo.type, checks: e.checks() };
  });
  const names = seen.all.map(([n]) => n);
  assert.deepEqual(names.filter((n) => n !== 'detection'), ['licenseInfo', 'beforeOpen', 'beforeInitialize', 'initialize', 'open', 'beforeCapture', 'close', 'capture'].filter((n) => names.includes(n)), String(names));
  assert.ok(seen.all.every(([, one]) => one), 'every detail is a list of one');
  assert.equal(seen.type, 'image/jpeg');
  assert.ok(seen.packet > seen.photo && seen.packet < 200_000, `packet of ${seen.packet} bytes, photo of ${seen.photo}`);
  assert.equal(seen.checks.sunglasses_detected_check_enabled.by, 'nobody');
  assert.equal(seen.checks.dark_image_check_enabled.by, 'element');
}));

test('on a page of another site under a strict policy of its own', { skip: !existsSync(sample) && 'no photograph', timeout: 60_000 }, async () => {
  const page = `<!doctype html><meta charset="utf-8"><title>A shop</title><script type="module" src="${url}/capture/index.js"></script><script type="module" src="shop.js"></script><idlive-face-capture auto_capture_disabled></idlive-face-capture>`;
  const script = `window.send = async (token) => {
    const e = document.querySelector('idlive-face-capture');
    await customElements.whenDefined('idlive-face-capture');
    const taken = new Promise((r) => e.addEventListener('capture', (c) => r(c.detail[0])));
    await e.openCamera();
    await e.takePhoto();
    const { photo, encryptedFile } = await taken;
    const formData = new FormData();
    formData.append('selfie', photo, 'selfie.jpeg');
    formData.append('encrypted_file', encryptedFile);
    formData.append('return_id', true);
    formData.append('citizen_id', '7-708-214');
    formData.append('device', 'DESKTOP');
    const r = await fetch('${url}/api/v3/biometrics/nationals/', { method: 'post', headers: { Authorization: 'Bearer ' + token }, body: formData });
    return r.json();
  };`;
  const site = createServer((request, response) => {
    const js = request.url === '/shop.js';
    response.writeHead(request.url === '/favicon.ico' ? 204 : 200, { 'Content-Type': js ? 'text/javascript' : 'text/html', 'Content-Security-Policy': `default-src 'none'; script-src 'self' ${url}; connect-src ${url}` });
    response.end(js ? script : request.url === '/' ? page : undefined);
  });
  await new Promise((resolve) => { site.listen(0, '127.0.0.1', () => resolve(undefined)); });
  try {
    const token = (await (await fetch(`${url}/api/v3/auth/token`, { method: 'POST', headers: { Authorization: `Bearer ${key}` } })).json()).token;
    await before({ y4m: somebody() }, async (p) => {
      await p.goto(`http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (site.address()).port}/`);
      const body = await p.evaluate((t) => /** @type {any} */ (window).send(t), token);
      assert.equal(body.valid, true, JSON.stringify(body));
      assert.equal(typeof body.id, 'number');
    });
  } finally {
    site.closeAllConnections();
    await new Promise((resolve) => { site.close(resolve); });
  }
});
