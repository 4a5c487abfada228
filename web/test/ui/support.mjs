// One browser for a test file, one context for a test; what must not happen on a page fails the test.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { complaints, launch } from '../support/browser.mjs';
import { FakeServer, serve } from '../support/fake.mjs';

/** @typedef {{page: import('playwright-core').Page, fake: FakeServer, site: Awaited<ReturnType<typeof serve>>, errors: string[]}} Bench */

/** @param {Parameters<typeof launch>[0]} [camera] @param {{microphone?: boolean}} [server] */
export function bench(camera, server) {
  /** @type {import('playwright-core').Browser} */ let browser;
  /** @type {Awaited<ReturnType<typeof serve>>} */ let site;
  const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');
  before(async () => {
    site = await serve({ preview: pixel, ...server });
    browser = await launch(camera);
  });
  after(async () => {
    await browser.close();
    await site.close();
  });
  /**
   * @param {(b: Bench) => Promise<void>} body
   * @param {{path?: string, settings?: object, script?: () => void, greet?: (f: FakeServer) => void, clock?: boolean, expected?: RegExp}} [o] expected: complaints that belong to the test
   */
  return (body, o = {}) => async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...o.settings });
    try {
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      const errors = complaints(page);
      if (o.script) await page.addInitScript(o.script);
      if (o.clock) await page.clock.install();
      const fake = await FakeServer.on(page, o.greet ?? ((f) => f.welcome()));
      await page.goto(site.url + (o.path ?? '/'));
      await body({ page, fake, site, errors });
      assert.deepEqual(errors.filter((e) => !o.expected?.test(e)), []);
    } finally {
      site.refuse(null);
      await context.close();
    }
  };
}

/** @param {Bench} b */
export async function framing({ page, fake }) {
  await page.getByRole('button', { name: 'Start the check' }).click();
  await fake.heard('device');
  fake.say('state', { state: 'framing' });
}

/** @param {Bench} b @param {object} prompt */
export async function prompted({ fake }, prompt) {
  const m = { of: 8, time_ms: 3000, ...prompt };
  fake.say('state', { state: 'challenge' });
  fake.say('prompt', m);
  await fake.heard('prompt_shown', (a) => a.index === m.index);
}

export const turn = { index: 0, kind: 'turn', direction: 'left' };
export const digit = { index: 1, kind: 'digit', digit: '7', phrase: '471906', position: 1 };

/** Waits until the page shows a text, not only says it to a screen reader. @param {import('playwright-core').Page} page @param {string} text */
export const sees = (page, text) => page.locator('main *:not(.spoken)').getByText(text).filter({ visible: true }).first().waitFor();
