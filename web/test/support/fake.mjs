// A server that says what a test tells it to, behind the real page: files with the
// headers of the real one, and the WebSocket answered inside the browser.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parsePage } from './messages.mjs';

const pageDir = fileURLToPath(new URL('../../page/', import.meta.url));
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

/**
 * Serves page/ under the strict policy.
 * @param {{preview?: Buffer, microphone?: boolean}} [o] preview: a PNG for /v1/preview; microphone: the server listens
 */
export async function serve(o = {}) {
  let made = 0;
  const state = { /** @type {{status: number, code: string}|null} */ refuse: null };
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    const json = (status, body) => response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    if (request.method === 'POST' && path === '/v1/sessions') {
      if (state.refuse) return json(state.refuse.status, { code: state.refuse.code, status: state.refuse.status });
      const id = `s-${String(++made).padStart(4, '0')}-7f3a91c2`;
      return json(201, { id, token: 'token', expires_at: '2030-01-01T00:00:00Z', url: `/v1/sessions/${id}/ws` });
    }
    if (path === '/v1/page') return json(200, { microphone: o.microphone === true });
    if (path === '/v1/preview') {
      return response.writeHead(o.preview ? 200 : 404, { 'Content-Type': 'image/png' }).end(o.preview);
    }
    const name = path === '/' ? 'index.html' : normalize(path).slice(1);
    try {
      const body = await readFile(join(pageDir, name));
      response.writeHead(200, { 'Content-Type': types[extname(name)] ?? 'application/octet-stream', 'Content-Security-Policy': "default-src 'self'" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    /** Refuses new sessions from now on; null accepts. @param {typeof state.refuse} r */
    refuse: (r) => (state.refuse = r),
    close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}

/** The other end of the page's WebSocket. */
export class FakeServer {
  /** Everything that the page sent, checked. @type {import('../../types/messages').PageMessage[]} */ received = [];
  connections = 0;
  /** @type {import('playwright-core').WebSocketRoute|null} */ #socket = null;
  #heard = new Set();

  /** @param {import('playwright-core').Page} page @param {(ws: FakeServer) => void} [greet] on `hello` */
  static async on(page, greet) {
    const fake = new FakeServer();
    await page.routeWebSocket(/\/v1\/sessions\/[^/]+\/ws$/, (ws) => {
      fake.#socket = ws;
      fake.connections++;
      ws.onMessage((data) => {
        const m = parsePage(String(data));
        fake.received.push(m);
        if (m.type === 'hello') greet?.(fake);
        for (const h of fake.#heard) h();
      });
    });
    return fake;
  }

  /** @param {string} type @param {object} fields */
  say(type, fields = {}) {
    this.#socket?.send(JSON.stringify({ v: 1, type, ...fields }));
  }

  /** Sends text as it is. @param {string} text */
  sayRaw(text) {
    this.#socket?.send(text);
  }

  /** @param {'webrtc'|'local'} [media] @param {object} [more] further fields */
  welcome(media = 'webrtc', more = {}) {
    this.say('welcome', { session: 's-0001-7f3a91c2', media, digits: 6, turns: 2, expires_in_ms: 120000, ice_servers: [], ...more });
  }

  /** @param {number} code */
  close(code) {
    return this.#socket?.close({ code, reason: '' });
  }

  /** Waits until the page has sent such a message. @param {string} type @param {(m: any) => boolean} [fits] @param {number} [ms] */
  async heard(type, fits = () => true, ms = 10_000) {
    const find = () => this.received.find((m) => m.type === type && fits(m));
    if (find()) return find();
    let onMessage = () => {};
    let timer;
    try {
      return await new Promise((resolve, reject) => {
        onMessage = () => find() && resolve(find());
        this.#heard.add(onMessage);
        timer = setTimeout(() => reject(new Error(`no ${type} within ${ms} ms; got ${this.received.map((m) => m.type)}`)), ms);
      });
    } finally {
      this.#heard.delete(onMessage);
      clearTimeout(timer);
    }
  }
}
