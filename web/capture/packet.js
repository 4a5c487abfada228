// The packet, as signaling/packet/format.md has it.
import { bytes, publicKey, seal } from './hpke.js';

const magic = 'VVC1';
const info = bytes('vivavoce capture packet 1');

/**
 * @typedef {{of?: number, bytes?: number, width: number, height: number}} Picture
 * @typedef {Picture & {at_ms: number, media_ms: number, frame: number}} Shot
 * @typedef {{label: string, width: number, height: number, frame_rate: number, facing_mode?: string}} CameraSettings
 * @typedef {{driven: boolean, altered?: string[], hidden: boolean}} Signs
 * @typedef {{nonce?: string, made_at_ms: number, client: string, mode: 'auto'|'manual', external?: string, camera: CameraSettings,
 *   signs: Signs, photo: Picture, burst: Shot[]}} Meta
 * @typedef {{key: CryptoKey, id: string}} SealingKey
 */

/**
 * Reads a key to seal for.
 * @param {Uint8Array} der SubjectPublicKeyInfo of a P-256 key
 * @param {string} [id] as the server knows it; it follows from the key
 * @returns {Promise<SealingKey>}
 */
export async function sealingKey(der, id) {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes(der)));
  return { key: await publicKey(bytes(der)), id: id || [...sum.slice(0, 8)].map((b) => b.toString(16).padStart(2, '0')).join('') };
}

/**
 * Seals pictures and what is known of them.
 * @param {SealingKey} to
 * @param {Meta} meta without the pictures' lengths in bytes
 * @param {Uint8Array} photo @param {Uint8Array[]} burst in the order of meta.burst
 * @param {CryptoKeyPair} [ephemeral] for tests
 */
export async function sealPacket(to, meta, photo, burst, ephemeral) {
  const whole = { ...meta, photo: { ...meta.photo, bytes: photo.length }, burst: meta.burst.map((s, i) => ({ ...s, bytes: burst[i]?.length })) };
  const json = bytes(JSON.stringify(whole));
  const plain = bytes([json.length >>> 24, (json.length >>> 16) & 255, (json.length >>> 8) & 255, json.length & 255], json, photo, ...burst);
  const id = bytes(to.id);
  const aad = bytes(magic, [id.length], id);
  const { enc, sealed } = await seal(to.key, { info, aad, plain }, ephemeral);
  return bytes(aad, enc, sealed);
}
