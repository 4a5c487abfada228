// The packet: HPKE against RFC 9180, the format against what Go opens (signaling/packet reads the same file).
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { bytes, seal } from '../../capture/hpke.js';
import { sealPacket, sealingKey } from '../../capture/packet.js';

const hex = (/** @type {string} */ s) => new Uint8Array(Buffer.from(s, 'hex'));
const p256 = { name: 'ECDH', namedCurve: 'P-256' };

/** A key pair of an uncompressed point and a scalar. @param {string} point @param {string} scalar hexadecimal */
async function pair(point, scalar) {
  const url = (/** @type {Uint8Array} */ b) => Buffer.from(b).toString('base64url');
  const raw = hex(point);
  const jwk = { kty: 'EC', crv: 'P-256', x: url(raw.slice(1, 33)), y: url(raw.slice(33)) };
  return {
    publicKey: await crypto.subtle.importKey('jwk', jwk, p256, true, []),
    privateKey: await crypto.subtle.importKey('jwk', { ...jwk, d: url(hex(scalar)) }, p256, true, ['deriveBits']),
  };
}

// RFC 9180 A.3.1: base mode, first message.
const vector = {
  info: '4f6465206f6e2061204772656369616e2055726e',
  skEm: '4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb',
  pkEm: '04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4',
  skRm: 'f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2',
  pkRm: '04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0',
  pt: '4265617574792069732074727574682c20747275746820626561757479',
  aad: '436f756e742d30',
  ct: '5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434',
};

test('HPKE gives what RFC 9180 A.3.1 prints', async () => {
  const receiver = await pair(vector.pkRm, vector.skRm);
  const { enc, sealed } = await seal(receiver.publicKey, { info: hex(vector.info), aad: hex(vector.aad), plain: hex(vector.pt) }, await pair(vector.pkEm, vector.skEm));
  assert.equal(Buffer.from(enc).toString('hex'), vector.pkEm);
  assert.equal(Buffer.from(sealed).toString('hex'), vector.ct);
});

test('two packets of the same pictures share nothing but their head', async () => {
  const receiver = await pair(vector.pkRm, vector.skRm);
  const what = { info: bytes('i'), aad: bytes('a'), plain: bytes('p') };
  const [a, b] = [await seal(receiver.publicKey, what), await seal(receiver.publicKey, what)];
  assert.notDeepEqual(a.enc, b.enc);
  assert.notDeepEqual(a.sealed, b.sealed);
});

/** @type {import('../../capture/packet.js').Meta} */
const meta = {
  nonce: 'AAAB', made_at_ms: 1795312800000, client: 'idlive-face-capture/1.0.0', mode: 'auto', external: '{"case":"Füße"}',
  camera: { label: 'Integrated Camera', width: 640, height: 480, frame_rate: 30, facing_mode: 'user' },
  signs: { driven: false, altered: ['getUserMedia'], hidden: false },
  photo: { of: 1, width: 640, height: 480 },
  burst: [0, 1, 2].map((i) => ({ width: 320, height: 240, at_ms: 1000.5 + 133 * i, media_ms: 133.25 * i, frame: 4 * i })),
};
const golden = new URL('../../../signaling/packet/testdata/golden.json', import.meta.url);

test('the packet that Go opens is the one made here', async (t) => {
  const receiver = await pair(vector.pkRm, vector.skRm);
  const der = new Uint8Array(await crypto.subtle.exportKey('spki', receiver.publicKey));
  const key = await sealingKey(der);
  const burst = ['one', 'two', 'three'];
  const packet = await sealPacket(key, meta, bytes('the photo'), burst.map((b) => bytes(b)), await pair(vector.pkEm, vector.skEm));
  const base64 = (/** @type {Uint8Array} */ b) => Buffer.from(b).toString('base64');
  const inside = { photo: 'the photo', burst, meta: { ...meta, photo: { ...meta.photo, bytes: 9 }, burst: meta.burst.map((s, i) => ({ ...s, bytes: burst[i]?.length })) } };
  const made = { private: base64(hex(vector.skRm)), public_key: base64(der), key_id: key.id, packet: base64(packet), inside };
  if (process.env.UPDATE) {
    writeFileSync(golden, `${JSON.stringify(made, null, 1)}\n`);
    t.diagnostic(`wrote ${golden}`);
  }
  assert.deepEqual(made, JSON.parse(readFileSync(golden, 'utf8')));
});
