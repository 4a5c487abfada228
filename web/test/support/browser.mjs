// Debian's Chromium with a fake camera, for tests and screenshots.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--disable-extensions', '--disable-default-apps', '--metrics-recording-only', '--no-default-browser-check',
];

/**
 * Starts Chromium; `close` ends it and removes what it left.
 * @param {{y4m?: string, camera?: boolean, cameras?: number}} [o] y4m: what its camera shows, else the browser's own pattern; camera false: the question is refused
 */
export async function launch(o = {}) {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) throw new Error(`${executablePath} is missing: apt-get install chromium, or set CHROMIUM`);
  const camera = o.camera === false ? ['--deny-permission-prompts', '--use-fake-device-for-media-stream']
    : ['--use-fake-ui-for-media-stream', `--use-fake-device-for-media-stream=device-count=${o.cameras ?? 1}`];
  if (o.y4m) camera.push(`--use-file-for-fake-video-capture=${o.y4m}`);
  return chromium.launch({ executablePath, headless: true, args: [...flags, ...camera] });
}

/** A folder for fake cameras; `remove` deletes it. */
export function scratch() {
  const dir = mkdtempSync(join(tmpdir(), 'vivavoce-web-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/**
 * Makes what a fake camera shows of a lit, empty room: the browser's own pattern is nearly
 * black, and now this hint, now that one is due on it.
 * @param {string} to a .y4m
 */
export function makeEmptyRoom(to) {
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'gradients=s=640x480:r=30:c0=0x707070:c1=0xa0a0a0:x0=0:y0=0:x1=639:y1=479:d=2:speed=0.00001',
    '-pix_fmt', 'yuv420p', to]);
  return to;
}

/**
 * Turns a clip or a still picture into what a fake camera shows, 640x480, 30 fps.
 * @param {string} from @param {string} to a .y4m @param {number} [seconds]
 */
export function makeCamera(from, to, seconds = 10) {
  const still = /\.(png|jpe?g)$/.test(from) ? ['-loop', '1'] : [];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...still, '-i', from, '-t', String(seconds), '-an', '-vf',
    'fps=30,scale=640:480:force_original_aspect_ratio=increase,crop=640:480', '-pix_fmt', 'yuv420p', to]);
  return to;
}

/**
 * Collects what must not happen on a page.
 * @param {import('playwright-core').Page} page
 * @returns {string[]} grows while the page runs
 */
export function complaints(page) {
  /** @type {string[]} */
  const all = [];
  page.on('console', (m) => {
    if (m.type() === 'error' || m.type() === 'warning') all.push(`console ${m.type()}: ${m.text()}`);
  });
  page.on('pageerror', (e) => all.push(`uncaught: ${e.stack ?? e}`));
  page.on('requestfailed', (r) => {
    if (r.failure()?.errorText !== 'net::ERR_ABORTED') all.push(`request failed: ${r.url()} ${r.failure()?.errorText}`);
  });
  return all;
}
