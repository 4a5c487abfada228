// The real page against a running server: VIVAVOCE_URL says where it is, VIVAVOCE_CLIP
// (optional) what the camera shows instead of an empty room. Starts and ends nothing but its browser.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { hints } from '../page/texts.js';
import { complaints, launch, makeCamera, makeEmptyRoom, scratch } from './support/browser.mjs';
import { perform } from './support/puppet.mjs';

const url = process.env.VIVAVOCE_URL;
const clip = process.env.VIVAVOCE_CLIP;
assert.ok(url, 'VIVAVOCE_URL must be the address of a running server, e.g. http://127.0.0.1:8080');

const tmp = scratch();
/** @type {import('playwright-core').Browser} */ let browser;
before(async () => {
  const y4m = join(tmp.dir, 'camera.y4m');
  browser = await launch({ y4m: clip ? makeCamera(clip, y4m, 20) : makeEmptyRoom(y4m) });
});
after(async () => {
  await browser?.close();
  tmp.remove();
});

/** @param {(page: import('playwright-core').Page, errors: string[]) => Promise<void>} body */
const onPage = (body) => async () => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(30_000);
  const errors = complaints(page);
  await page.addInitScript(() => {
    /** @type {any} */ (window).violations = [];
    document.addEventListener('securitypolicyviolation', (e) => /** @type {any} */ (window).violations.push(`${e.violatedDirective} ${e.blockedURI}`));
  });
  try {
    await body(page, errors);
    assert.deepEqual(await page.evaluate(() => /** @type {any} */ (window).violations), [], 'violations of the policy');
    assert.deepEqual(errors, []);
  } finally {
    await page.close();
  }
};

test('the page comes with the strict policy, packed, in less than 30 kB', onPage(async (page) => {
  /** @type {Promise<number>[]} */
  const sizes = [];
  page.on('response', (r) => {
    if (r.request().method() === 'GET') sizes.push(r.finished().then(() => r.request().sizes()).then((s) => s.responseBodySize));
  });
  const response = await page.goto(url, { waitUntil: 'networkidle' });
  assert.match(response?.headers()['content-security-policy'] ?? '', /default-src 'self'/);
  const sum = (await Promise.all(sizes)).reduce((a, b) => a + b, 0);
  assert.ok(sizes.length >= 8, `${sizes.length} files`);
  assert.ok(sum < 30_000, `${sum} bytes in ${sizes.length} files`);
}));

test('start, picture, framing, a hint; cancel goes back', onPage(async (page) => {
  await page.goto(url);
  await page.getByRole('button', { name: 'Start the check' }).click();
  await page.locator('[data-stage="framing"], [data-stage="challenge"]').waitFor();
  const cue = page.locator('.live h1');
  if (clip) {
    await page.locator('[data-stage="framing"][data-hint], [data-stage="challenge"]').waitFor();
  } else {
    await page.locator('[data-hint]').waitFor();
    assert.equal(await cue.textContent(), hints.no_face);
  }
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('heading', { name: 'Show that it’s really you' }).waitFor();
  assert.equal(await page.locator('video').evaluate((v) => /** @type {HTMLVideoElement} */ (v).srcObject), null);
}));

test('after a cancel the next try works', onPage(async (page) => {
  await page.goto(url);
  for (let i = 0; i < 2; i++) {
    await page.getByRole('button', { name: 'Start the check' }).click();
    await page.locator('[data-stage="framing"], [data-stage="challenge"]').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
  }
}));

test('the microphone, where the server offers it: ticked, the check goes on', async (t) => {
  const offered = await fetch(`${url}/v1/page`).then((r) => r.json());
  if (!offered.microphone) return t.skip('the server runs without --microphone');
  await onPage(async (page) => {
    await page.goto(url);
    await page.getByRole('checkbox', { name: /microphone/ }).check();
    const socket = page.waitForEvent('websocket');
    await page.getByRole('button', { name: 'Start the check' }).click();
    const offer = await (await socket).waitForEvent('framesent', (f) => String(f.payload).includes('"offer"'));
    assert.match(String(offer.payload), /m=audio [^0]/);
    await page.locator('[data-stage="framing"], [data-stage="challenge"]').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
  })();
});

for (const { kind, live } of [{ kind: 'person', live: true }, { kind: 'wrong-way', live: false }, { kind: 'other-digits', live: false }]) {
  test(`a whole session: ${kind} ${live ? 'passes' : 'does not pass'}`, { timeout: 120_000 }, onPage(async (page) => {
    const puppet = await perform(page, kind);
    try {
      await page.goto(url);
      await page.getByRole('button', { name: 'Start the check' }).click();
      const verdict = page.locator('[data-outcome]');
      await verdict.waitFor({ timeout: 90_000 });
      const outcome = await verdict.getAttribute('data-outcome');
      assert.equal(outcome === 'live', live, `verdict ${outcome}: ${await verdict.innerText()}`);
    } finally {
      await puppet.close();
    }
  }));
}
