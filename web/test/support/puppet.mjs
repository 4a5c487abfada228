// A person for the page: the rendered head of `vivavoce puppet` in place of the camera,
// hearing what the server says over the page's own WebSocket.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Starts a puppet, whose JPEG pictures `picture` is given. `ready` waits for the first, `hear` takes a message of the server as JSON, `close` ends it.
 * @param {string[]} options of `vivavoce puppet` @param {(jpeg: Buffer) => void} picture
 */
export function start(options, picture) {
  const camera = spawn('bin/vivavoce', ['puppet', ...options], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => { camera.once('close', resolve); });
  let pending = Buffer.alloc(0);
  const ready = new Promise((resolve, reject) => {
    camera.once('close', () => reject(new Error(`the puppet ${options.join(' ')} ended before its first picture`)));
    camera.stdout.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32BE(0)) {
        const end = 4 + pending.readUInt32BE(0);
        picture(pending.subarray(4, end));
        pending = pending.subarray(end);
        resolve(undefined);
      }
    });
  });
  return {
    ready,
    hear: (/** @type {string} */ message) => { if (camera.stdin.writable) camera.stdin.write(`${message}\n`); },
    close: async () => { camera.stdin.end(); await ended; },
  };
}

/**
 * Puts a puppet before a page's camera. Call it before the page loads; `close` ends it.
 * @param {import('playwright-core').Page} page
 * @param {string} [kind] person, wrong-way, flat-photo … as `vivavoce demo --help` lists
 */
export async function perform(page, kind = 'person') {
  let latest = '';
  const puppet = start(['--kind', kind], (jpeg) => { latest = jpeg.toString('base64'); });
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => puppet.hear(String(payload)));
  });
  await page.exposeBinding('vivavocePicture', () => latest);
  await page.addInitScript(replaceCamera);
  await puppet.ready;
  return puppet;
}

/** Runs in the page: the camera becomes a canvas that shows the puppet's newest picture. */
function replaceCamera() {
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
  const paint = async () => {
    const bytes = Uint8Array.from(atob(await /** @type {any} */ (window).vivavocePicture()), (c) => c.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }));
    canvas.getContext('2d')?.drawImage(picture, 0, 0);
    picture.close();
    setTimeout(paint, 40);
  };
  navigator.mediaDevices.getUserMedia = async () => {
    await paint();
    return canvas.captureStream(25);
  };
}
