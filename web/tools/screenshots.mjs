// Makes web/docs/*.png from the page itself.
//   node tools/screenshots.mjs                          every state, with a server that plays a script
//   node tools/screenshots.mjs --real URL               each state as it comes from a running server, with
//                [--kind KIND | --clip FILE]            a puppet (person, wrong-way …) or a video before the camera
// --out DIR writes elsewhere, --prefix WORD begins the names of --real (real-), --only WORD
// makes those whose name has the word, --all every state in every size and scheme, to look at.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launch, makeCamera, scratch } from '../test/support/browser.mjs';
import { FakeServer, serve } from '../test/support/fake.mjs';
import { perform } from '../test/support/puppet.mjs';

const { values: opt } = parseArgs({
  options: { real: { type: 'string' }, kind: { type: 'string', default: 'person' }, clip: { type: 'string' }, prefix: { type: 'string', default: 'real-' }, out: { type: 'string' }, only: { type: 'string' }, all: { type: 'boolean' } },
});
const out = opt.out ?? fileURLToPath(new URL('../docs/', import.meta.url));
const desktop = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 };
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const instagram = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 380.0';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{name: string, play: (page: Page, fake: FakeServer) => Promise<void>|void, kiosk?: boolean, look?: object, userAgent?: string, refused?: boolean}} Shot */

const start = (/** @type {Page} */ page) => page.getByRole('button', { name: 'Start the check' }).click();
const framing = async (/** @type {Page} */ page, /** @type {FakeServer} */ fake, /** @type {object} */ hint = { code: 'none' }) => {
  await start(page);
  await fake.heard('device');
  fake.say('state', { state: 'framing' });
  fake.say('hint', hint);
};
const challenge = async (page, fake, prompt, progress = {}) => {
  await framing(page, fake);
  fake.say('state', { state: 'challenge' });
  fake.say('prompt', { of: 8, time_ms: 3000, ...prompt });
  await fake.heard('prompt_shown');
  fake.say('progress', { index: prompt.index, phase: 'go', fraction: 0.4, band: 'fair', ...progress });
};
const verdict = async (page, fake, outcome, reasons, checks) => {
  await framing(page, fake);
  fake.say('verdict', { outcome, reasons, checks });
  await page.getByRole('heading', { level: 1 }).first().waitFor();
};
const names = ['continuity', 'depth', 'eyes', 'injection', 'jaw', 'lips', 'motion', 'mouth', 'parallax', 'rest', 'seam', 'sound', 'texture'];
const place = (/** @type {{band?: string}} */ c) => ['weak', 'fair', 'good', undefined].indexOf(c.band);
/** All that a session checks, as the server lists it: the weakest first unless live; good but for what is named; '' was not checked. */
const checks = (/** @type {Record<string, string>} */ but, live = false) => names.map((name) => {
  const band = { sound: '', ...but }[name] ?? 'good';
  return { name, checked: band !== '', ...(band ? { band } : {}) };
}).sort((a, b) => (live ? 0 : place(a) - place(b)));
const digit = { index: 3, kind: 'digit', digit: '7', phrase: '471906', position: 1 };

/** @type {Shot[]} */
const shots = [
  { name: 'start', play: () => {} },
  { name: 'framing', play: (p, f) => framing(p, f) },
  { name: 'framing-hint', play: (p, f) => framing(p, f, { code: 'light_uneven', direction: 'left', blocking: false }) },
  { name: 'framing-move', play: (p, f) => framing(p, f, { code: 'off_centre', direction: 'right', blocking: true }) },
  { name: 'turn', play: (p, f) => challenge(p, f, { index: 1, kind: 'turn', direction: 'left' }) },
  { name: 'turn-back', play: (p, f) => challenge(p, f, { index: 1, kind: 'turn', direction: 'left' }, { phase: 'return', fraction: 0.75, band: 'good' }) },
  { name: 'turn-up', play: (p, f) => challenge(p, f, { index: 2, kind: 'turn', direction: 'up' }, { fraction: 0.2, band: 'weak' }) },
  { name: 'digit', play: (p, f) => challenge(p, f, digit, { band: 'good' }) },
  { name: 'digit-again', play: (p, f) => challenge(p, f, { ...digit, index: 9, of: 12, digit: '0', phrase: '5032', again: true }) },
  { name: 'deciding', play: async (p, f) => { await framing(p, f); f.say('state', { state: 'deciding' }); } },
  { name: 'reconnecting', play: async (p, f) => { await challenge(p, f, { index: 1, kind: 'turn', direction: 'right' }); f.say('hint', { code: 'reconnecting', blocking: false }); } },
  { name: 'verdict-live', play: (p, f) => verdict(p, f, 'live', [], checks({ mouth: 'fair', texture: 'fair', parallax: '' }, true)) },
  { name: 'verdict-spoof', play: (p, f) => verdict(p, f, 'spoof', ['depth.flat', 'mouth.still'], checks({ depth: 'weak', lips: '', mouth: 'weak' })) },
  { name: 'verdict-screen', play: (p, f) => verdict(p, f, 'spoof', ['seam.face', 'texture.border'], checks({ seam: 'weak', texture: 'weak' })) },
  { name: 'verdict-undecided', play: (p, f) => verdict(p, f, 'undecided', ['face.lost', 'motion.not_checked'], checks({ depth: '', eyes: '', jaw: '', lips: '', motion: '', mouth: 'fair', parallax: '', rest: '' })) },
  { name: 'error-permission', refused: true, play: async (p) => { await start(p); await p.getByText('The camera is not allowed').waitFor(); } },
  { name: 'error-in-app', userAgent: instagram, play: () => {} },
  { name: 'error-connection', play: async (p, f) => { await framing(p, f); f.say('error', { code: 'media_failed', message: '', fatal: true }); } },
  { name: 'kiosk-attract', kiosk: true, play: () => {} },
  { name: 'kiosk-digit', kiosk: true, play: async (p, f) => {
    await f.heard('hello');
    f.say('state', { state: 'framing' });
    f.say('hint', { code: 'too_far', blocking: true });
    f.say('state', { state: 'challenge' });
    f.say('prompt', { of: 8, time_ms: 3000, ...digit });
    await f.heard('prompt_shown');
  } },
  { name: 'kiosk-camera', kiosk: true, play: async (p, f) => { await f.heard('hello'); f.say('error', { code: 'camera_unplugged', message: '', fatal: true }); } },
];

const onPhone = ['start', 'framing-hint', 'turn', 'digit', 'verdict-live', 'verdict-spoof', 'error-permission', 'error-in-app'];

/** Where each shot is looked at: name's end, browser settings. @type {[string, object, (s: Shot) => boolean][]} */
const looks = [
  ['', { ...desktop, colorScheme: 'light' }, () => true],
  ['-phone', { ...phone, colorScheme: 'light' }, (s) => opt.all === true ? !s.kiosk : onPhone.includes(s.name)],
  ['-dark', { ...desktop, colorScheme: 'dark' }, (s) => opt.all === true || s.name === 'digit' || s.name === 'start'],
  ['-phone-dark', { ...phone, colorScheme: 'dark' }, () => opt.all === true],
  ['-320', { ...phone, viewport: { width: 320, height: 568 }, colorScheme: 'light' }, (s) => opt.all === true && !s.kiosk],
  ['-landscape', { ...phone, viewport: { width: 844, height: 390 }, colorScheme: 'light' }, (s) => opt.all === true && !s.kiosk],
];

async function scripted() {
  const tmp = scratch();
  const painter = await launch();
  const easel = await painter.newPage({ viewport: { width: 640, height: 480 } });
  await easel.goto(new URL('portrait.html', import.meta.url).href);
  const preview = await easel.screenshot({ path: join(tmp.dir, 'portrait.png') });
  await painter.close();
  const y4m = makeCamera(join(tmp.dir, 'portrait.png'), join(tmp.dir, 'portrait.y4m'), 0.5);
  const site = await serve({ preview });
  const browsers = { yes: await launch({ y4m }), no: await launch({ camera: false }) };
  try {
    for (const shot of shots) {
      for (const [end, settings, wanted] of looks) {
        const name = shot.name + end;
        if (!wanted(shot) || (opt.only && !name.includes(opt.only))) continue;
        const browser = shot.refused ? browsers.no : browsers.yes;
        const context = await browser.newContext({ ...settings, ...(shot.userAgent ? { userAgent: shot.userAgent } : {}) });
        const page = await context.newPage();
        const fake = await FakeServer.on(page, (f) => f.welcome(shot.kiosk ? 'local' : 'webrtc'));
        await page.goto(site.url + (shot.kiosk ? '/kiosk.html' : '/'));
        await shot.play(page, fake);
        await snap(page, name);
        await context.close();
      }
    }
  } finally {
    await Promise.all([browsers.yes.close(), browsers.no.close(), site.close()]);
    tmp.remove();
  }
}

/** Snaps a real session's states as they come. @param {string} url */
async function real(url) {
  const tmp = scratch();
  const browser = await launch({ y4m: opt.clip && makeCamera(opt.clip, join(tmp.dir, 'clip.y4m'), 30) });
  let puppet;
  try {
    const page = await browser.newPage({ ...desktop, colorScheme: 'light' });
    if (!opt.clip) puppet = await perform(page, opt.kind);
    await page.goto(url);
    await snap(page, `${opt.prefix}start`);
    await start(page);
    const seen = new Set(['start']);
    for (const end = Date.now() + 180_000; Date.now() < end;) {
      const now = await page.evaluate(stateName);
      if (now && !seen.has(now)) {
        seen.add(now);
        await snap(page, opt.prefix + now);
      }
      if (now.startsWith('verdict') || now.startsWith('error')) return;
      await page.waitForTimeout(50); // the policy forbids waitForFunction's code from text
    }
    throw new Error(`no verdict in 3 minutes; seen: ${[...seen].join(', ')}`);
  } finally {
    await browser.close();
    await puppet?.close();
    tmp.remove();
  }
}

/** Runs in the page: what it shows, as a word. */
function stateName() {
  const screen = document.body.dataset.now ?? '';
  if (screen === 'verdict') return `verdict-${document.querySelector('[data-outcome]')?.getAttribute('data-outcome')}`;
  if (screen !== 'live') return screen;
  const picture = document.querySelector('[data-part="picture"]');
  const stage = picture?.getAttribute('data-stage') ?? '';
  if (stage === 'framing' && picture?.hasAttribute('data-hint')) return 'framing-hint';
  if (stage !== 'challenge') return stage;
  if (!document.querySelector('[data-part="digit"]')?.hasAttribute('hidden')) return 'digit';
  const arrow = document.querySelector('[data-part="arrow"]');
  return arrow?.hasAttribute('hidden') ? 'challenge' : arrow?.hasAttribute('data-back') ? 'turn-back' : 'turn';
}

/** @param {Page} page @param {string} name */
async function snap(page, name) {
  if (!opt.real) await page.waitForTimeout(350); // let the picture and the ring come to rest
  await page.screenshot({ path: join(out, `${name}.png`) });
  console.log(`${name}.png`);
}

mkdirSync(out, { recursive: true });
await (opt.real ? real(opt.real) : scripted());
