// Recorded answers before the real page, as an attacker with a virtual camera has them: a rendered person answers other
// prompts, is filmed, and Chromium's fake camera plays that, over and over, to a challenge of the server at VIVAVOCE_URL.
// VIVAVOCE_COUNT (1) sessions, each of a film of its own; what comes of each is printed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, scratch } from './support/browser.mjs';
import { start } from './support/puppet.mjs';

const url = process.env.VIVAVOCE_URL;
const count = Number(process.env.VIVAVOCE_COUNT ?? 1);
assert.ok(url, 'VIVAVOCE_URL must be the address of a running server, e.g. http://127.0.0.1:8080');

const tmp = scratch();
before(() => assert.ok(count > 0, 'VIVAVOCE_COUNT must be a number above 0'));
after(() => tmp.remove());

const fps = 20;
const sleep = (/** @type {number} */ ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** What the person of the film was asked: as in a session, other digits for each i. @param {number} i */
function prompts(i) {
  const digits = Array.from({ length: 6 }, (_, k) => String((3 * i + 7 * k + k * k) % 10));
  const asked = (/** @type {number} */ at, /** @type {object} */ step) => ({ at, message: { v: 1, type: 'prompt', of: 8, time_ms: 900, ...step } });
  return [
    asked(1500, { index: 0, kind: 'turn', direction: i % 2 ? 'right' : 'left' }),
    ...digits.map((digit, k) => asked(4500 + 900 * k, { index: 1 + k, kind: 'digit', digit, phrase: digits.join(''), position: k })),
    asked(10_400, { index: 7, kind: 'turn', direction: i % 2 ? 'left' : 'right' }),
  ];
}

/** Films the answers, 14 s. @param {number} i @param {string} to a .y4m */
async function film(i, to) {
  /** @type {Buffer[]} */ const pictures = [];
  const puppet = start(['--kind', 'person', '--fps', String(fps), '--seed', String(1 + i)], (jpeg) => pictures.push(jpeg));
  await puppet.ready;
  let now = 0;
  for (const { at, message } of prompts(i)) {
    await sleep(at - now);
    now = at;
    puppet.hear(JSON.stringify(message));
  }
  await sleep(14_000 - now);
  await puppet.close();
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'mjpeg', '-framerate', String(fps), '-i', '-', '-vf', 'fps=30', '-pix_fmt', 'yuv420p', to], { input: Buffer.concat(pictures) });
}

for (let i = 0; i < count; i++) {
  test(`a recording of other answers, ${i + 1} of ${count}`, { timeout: 180_000 }, async () => {
    const y4m = join(tmp.dir, 'film.y4m');
    await film(i, y4m);
    const browser = await launch({ y4m });
    try {
      const page = await browser.newPage();
      await page.goto(url);
      await page.getByRole('button', { name: 'Start the check' }).click();
      await page.locator('[data-stage="challenge"]').waitFor({ timeout: 60_000 });
      const verdict = page.locator('[data-outcome]');
      await verdict.waitFor({ timeout: 90_000 });
      const outcome = await verdict.getAttribute('data-outcome');
      console.log(`session ${i + 1}: ${outcome}: ${(await verdict.innerText()).replaceAll('\n', ' · ')}`);
      assert.notEqual(outcome, 'live');
    } finally {
      await browser.close();
    }
  });
}
