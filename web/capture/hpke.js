// HPKE (RFC 9180) in base mode, one message, by the browser's own WebCrypto: DHKEM(P-256, HKDF-SHA256),
// HKDF-SHA256, AES-128-GCM. WebCrypto's HKDF always extracts and expands at once, HPKE needs both apart, so
// they are made of HMAC here (RFC 5869 §2).

const hash = 32; // bytes of SHA-256
const kemSuite = bytes('KEM', [0x00, 0x10]);
const suite = bytes('HPKE', [0x00, 0x10], [0x00, 0x01], [0x00, 0x01]);

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/**
 * Joins texts and bytes.
 * @param {...(string|number[]|Uint8Array)} parts
 * @returns {Bytes}
 */
export function bytes(...parts) {
  const all = parts.map((p) => (typeof p === 'string' ? new TextEncoder().encode(p) : Uint8Array.from(p)));
  const joined = new Uint8Array(all.reduce((n, a) => n + a.length, 0));
  let at = 0;
  for (const a of all) {
    joined.set(a, at);
    at += a.length;
  }
  return joined;
}

/** @param {Uint8Array} key @param {Uint8Array} data @returns {Promise<Bytes>} */
async function hmac(key, data) {
  // HMAC pads a short key with zeros, and some browsers refuse an empty one.
  const padded = key.length > 0 ? bytes(key) : new Uint8Array(hash);
  const k = await crypto.subtle.importKey('raw', padded, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', k, bytes(data)));
}

/** RFC 9180 §4. @param {Bytes} id @param {Uint8Array} salt @param {string} label @param {Uint8Array} ikm */
const extract = (id, salt, label, ikm) => hmac(salt, bytes('HPKE-v1', id, label, ikm));

/**
 * RFC 9180 §4, for at most one block of SHA-256.
 * @param {Bytes} id @param {Uint8Array} prk @param {string} label @param {Uint8Array} info @param {number} length of what is wanted, in bytes
 */
async function expand(id, prk, label, info, length) {
  const block = await hmac(prk, bytes([length >> 8, length & 255], 'HPKE-v1', id, label, info, [1]));
  return block.slice(0, length);
}

const none = new Uint8Array(0);
const p256 = { name: 'ECDH', namedCurve: 'P-256' };

/** Reads a public key: SubjectPublicKeyInfo, DER. @param {Bytes} der @returns {Promise<CryptoKey>} */
export const publicKey = (der) => crypto.subtle.importKey('spki', der, p256, true, []);

/**
 * Encrypts to a public key.
 * @param {CryptoKey} to
 * @param {{info: Uint8Array, aad: Uint8Array, plain: Bytes}} what
 * @param {CryptoKeyPair} [ephemeral] for tests; otherwise a fresh one
 * @returns {Promise<{enc: Bytes, sealed: Bytes}>}
 */
export async function seal(to, what, ephemeral) {
  const own = ephemeral ?? /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey(p256, true, ['deriveBits']));
  const raw = async (/** @type {CryptoKey} */ k) => new Uint8Array(await crypto.subtle.exportKey('raw', k));
  const enc = await raw(own.publicKey);
  const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: to }, own.privateKey, 256));
  const secret = await expand(kemSuite, await extract(kemSuite, none, 'eae_prk', shared), 'shared_secret', bytes(enc, await raw(to)), hash);
  const context = bytes([0], await extract(suite, none, 'psk_id_hash', none), await extract(suite, none, 'info_hash', what.info));
  const prk = await extract(suite, secret, 'secret', none);
  const key = await crypto.subtle.importKey('raw', await expand(suite, prk, 'key', context, 16), 'AES-GCM', false, ['encrypt']);
  const iv = await expand(suite, prk, 'base_nonce', context, 12);
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: bytes(what.aad), tagLength: 128 }, key, what.plain);
  return { enc, sealed: new Uint8Array(sealed) };
}
