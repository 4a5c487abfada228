// The server: the key to seal for, a nonce for each packet, and what it sees in a small picture.
import { sealingKey } from './packet.js';

export class Server {
  #url;

  /** @param {string} url where the server is; '' is this page's own */
  constructor(url) {
    this.#url = url.replace(/\/+$/, '');
  }

  /** @returns {Promise<import('./packet.js').SealingKey>} */
  async key() {
    const k = await this.#get('/api/v3/capture/key');
    return sealingKey(Uint8Array.from(atob(k.public_key), (c) => c.charCodeAt(0)), k.key_id);
  }

  /** A nonce, or '' when the server cannot be asked: the packet then rests on the device's clock. @returns {Promise<string>} */
  async nonce() {
    try {
      return (await this.#get('/api/v3/capture/nonce')).nonce;
    } catch {
      return '';
    }
  }

  /**
   * What is wrong with a small picture, in the words of an `errors` list; null when the server did not say.
   * @param {Blob} picture @param {string} token
   * @returns {Promise<string[]|null>}
   */
  async look(picture, token) {
    try {
      const r = await fetch(`${this.#url}/api/v3/capture/look`, {
        method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'image/jpeg' }, body: picture,
        signal: AbortSignal.timeout(3000),
      });
      return r.ok ? (await r.json()).errors : null;
    } catch {
      return null;
    }
  }

  /** @param {string} path @returns {Promise<any>} */
  async #get(path) {
    const r = await fetch(this.#url + path, { signal: AbortSignal.timeout(5000) });
    if (!r.ok) throw new Error(`${path}: ${r.status}`);
    return r.json();
  }
}
