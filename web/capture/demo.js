// What an integrator's page does: take the photo, send the form, read the answer.
import './index.js';

const element = /** @type {import('./element.js').FaceCapture} */ (document.querySelector('idlive-face-capture'));
const form = /** @type {HTMLFormElement} */ (document.querySelector('form'));
const button = /** @type {HTMLButtonElement} */ (form.querySelector('button'));
const canvas = /** @type {HTMLCanvasElement} */ (form.querySelector('canvas'));
const size = /** @type {HTMLElement} */ (form.querySelector('[data-part="size"]'));
const output = /** @type {HTMLOutputElement} */ (document.querySelector('output'));
const answer = /** @type {HTMLElement} */ (document.querySelector('pre'));
/** @type {import('./element.js').Captured|null} */ let captured = null;

/** @param {string} outcome @param {string} text @param {unknown} [body] */
function say(outcome, text, body) {
  output.dataset.outcome = outcome;
  output.textContent = text;
  answer.hidden = body === undefined;
  answer.textContent = JSON.stringify(body, null, 2) ?? '';
}

const field = (/** @type {string} */ name) => String(new FormData(form).get(name) ?? '');

/** The token to send: what was typed, or what the server gives for the key. */
async function token() {
  const typed = field('key').trim();
  if (typed.split('.').length === 3) return typed;
  const r = await fetch('/api/v3/auth/token', { method: 'POST', headers: { Authorization: `Bearer ${typed}` } });
  const body = await r.json();
  if (!r.ok) throw new Error(body.detail);
  return /** @type {string} */ (body.token);
}

// With a token the server says what is wrong with the picture before the photo is taken.
form.addEventListener('change', async (e) => {
  if (/** @type {HTMLInputElement} */ (e.target).name === 'key') element.setToken(await token().catch(() => ''));
});

element.addEventListener('capture', async (e) => {
  captured = /** @type {CustomEvent<[import('./element.js').Captured]>} */ (e).detail[0];
  const picture = await createImageBitmap(captured.photo);
  Object.assign(canvas, { width: picture.width, height: picture.height });
  canvas.getContext('2d')?.drawImage(picture, 0, 0);
  const kb = (/** @type {Blob|undefined} */ b) => `${Math.round((b?.size ?? 0) / 1000)} kB`;
  size.textContent = `Photo ${picture.width}×${picture.height}, ${kb(captured.photo)}. Packet ${kb(captured.encryptedFile)}.`;
  button.disabled = false;
  say('ready', 'The photo is taken. Send the form.');
});
element.addEventListener('error', (e) => say('failed', /** @type {CustomEvent} */ (/** @type {Event} */ (e)).detail[0].message));

form.addEventListener('submit', async (e) => {
  e.preventDefault();
  if (!captured?.encryptedFile) return;
  button.disabled = true;
  say('sent', 'Sending …');
  const data = new FormData();
  data.append('encrypted_file', captured.encryptedFile);
  for (const name of ['details', 'return_id']) data.append(name, String(field(name) === 'on'));
  if (field('call') === 'nationals') {
    data.append('selfie', captured.photo, 'selfie.jpeg');
    data.append('citizen_id', field('citizen_id'));
    data.append('device', 'DESKTOP');
  }
  try {
    const r = await fetch(`/api/v3/biometrics/${field('call')}/`, { method: 'POST', headers: { Authorization: `Bearer ${await token()}` }, body: data });
    const body = await r.json();
    if (!r.ok) say('failed', `The call failed: ${body.detail ?? body.message}`, body);
    else if (body.valid) say('valid', 'Valid: a live person, as far as one photo tells.', body);
    else say('rejected', `Rejected: ${body.error_code} ${body.message}`, body);
  } catch (error) {
    say('failed', `The call failed: ${/** @type {Error} */ (error).message}`);
    button.disabled = false;
  }
});
