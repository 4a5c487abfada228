// Watches the picture before the photo: cheap checks of our own, the browser's FaceDetector where there is one, and
// the server's look at small pictures where the page gave a token. There is no model in here: without the
// latter two nobody knows whether there is a face at all, and `knows` says so.
import { faults, lumaOf, measure } from './picture.js';
import { jpeg, still } from './camera.js';

/**
 * @typedef {{x: number, y: number, width: number, height: number}} FaceBox in pixels of the video
 * @typedef {{errors: string[], faces: FaceBox[]|null, ready: boolean}} Sight
 * faces: null where nobody counts them; ready: everything that is asked has an answer
 * @typedef {{detect(source: CanvasImageSource): Promise<{boundingBox: DOMRectReadOnly}[]>}} Detector
 */

/** The checks that a page may ask for, by their attribute, and who can make them. */
export const optional = /** @type {const} */ ({
  face_not_centered_check_enabled: { error: 'face_not_centered', by: ['browser', 'server'] },
  sunglasses_detected_check_enabled: { error: 'sunglasses_detected', by: ['server'] },
  mouth_open_check_enabled: { error: 'mouth_open', by: ['server'] },
  eyes_closed_check_enabled: { error: 'eyes_closed', by: ['server'] },
  face_blurry_check_enabled: { error: 'face_blurry', by: ['element'] },
  dark_image_check_enabled: { error: 'dark_image', by: ['element'] },
});

const side = 160; // pixels of the longer side for our own checks
const sent = { side: 320, quality: 0.8, every: 700, fresh: 2500 }; // of what the server looks at; ms

export class Eye {
  /** @type {Uint8Array|null} */ #before = null;
  /** @type {Detector|null} */ #detector = null;
  /** @type {{at: number, errors: string[]}|null} */ #looked = null;
  #asked = -Infinity;
  #server;
  #token;

  /** @param {import('./server.js').Server} server @param {string} token '' sends the server nothing */
  constructor(server, token) {
    this.#server = server;
    this.#token = token;
    const Native = /** @type {{FaceDetector?: new (o: object) => Detector}} */ (/** @type {unknown} */ (globalThis)).FaceDetector;
    try {
      this.#detector = !token && Native ? new Native({ fastMode: true, maxDetectedFaces: 4 }) : null;
    } catch { /* named, but not there */ }
  }

  /** Who knows of faces: server, browser or nobody. */
  get knows() {
    return this.#token ? 'server' : this.#detector ? 'browser' : 'nobody';
  }

  /** Looks at the video now. @param {HTMLVideoElement} video @returns {Promise<Sight>} */
  async look(video) {
    const small = still(video, side);
    const rgba = small.getContext('2d')?.getImageData(0, 0, small.width, small.height).data ?? [];
    const luma = lumaOf(rgba, small.width, small.height);
    const before = this.#before?.length === luma.length ? this.#before : null;
    this.#before = luma;
    const errors = faults(measure(luma, small.width, small.height, before));
    if (this.#token) return this.#ask(video, errors);
    const faces = await this.#count(video);
    if (faces) errors.push(...place(faces, video.videoWidth, video.videoHeight));
    return { errors, faces, ready: true };
  }

  /** @param {HTMLVideoElement} video @param {string[]} errors @returns {Promise<Sight>} */
  async #ask(video, errors) {
    const now = performance.now();
    if (now - this.#asked >= sent.every) {
      this.#asked = now;
      const picture = await jpeg(still(video, sent.side), sent.quality);
      void this.#server.look(picture, this.#token).then((found) => { if (found) this.#looked = { at: now, errors: found }; });
    }
    const ready = this.#looked !== null && now - this.#looked.at < sent.fresh;
    return { errors: [...new Set([...errors, ...(ready ? this.#looked?.errors ?? [] : [])])], faces: null, ready };
  }

  /** @param {HTMLVideoElement} video @returns {Promise<FaceBox[]|null>} */
  async #count(video) {
    try {
      const found = await this.#detector?.detect(video);
      return found ? found.map(({ boundingBox: b }) => ({ x: b.x, y: b.y, width: b.width, height: b.height })) : null;
    } catch {
      this.#detector = null; // named, but the platform has no service for it
      return null;
    }
  }
}

/**
 * What is wrong with where the faces are. The limits of size are the server's (pipeline/quality: 0.25 to 0.85 of the shorter side).
 * @param {FaceBox[]} faces @param {number} width @param {number} height of the video, in pixels
 */
export function place(faces, width, height) {
  const [face] = faces;
  if (!face) return ['face_not_found'];
  if (faces.length > 1) return ['too_many_faces'];
  const size = face.height / Math.min(width, height);
  const found = [];
  if (size < 0.25) found.push('face_too_far');
  if (size > 0.85) found.push('face_too_close');
  const off = (/** @type {number} */ middle, /** @type {number} */ of) => Math.abs(middle / of - 0.5) > 0.2;
  if (off(face.x + face.width / 2, width) || off(face.y + face.height / 2, height)) found.push('face_not_centered');
  return found;
}
