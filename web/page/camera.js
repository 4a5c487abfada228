// The person's camera: asked for once inside a click, kept through retries, changed
// on request, and remembered.

/** An error with a code of texts.js. */
export class PageError extends Error {
  /** @param {string} code @param {unknown} [cause] */
  constructor(code, cause) {
    super(code, { cause });
    this.name = 'PageError';
    this.code = code;
  }
}

const remembered = 'vivavoce.camera';

// 640x480: the face stage looks at 192 pixels of a face, which this gives at arm's
// length. Twice the width would halve the quality of the first seconds, when a
// browser sends at about 300 kbit/s, and cost the server three times the decoding.
const wanted = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };

export class Camera {
  /** @type {MediaStream|null} */ #stream = null;
  /** @type {(code: string) => void} */ #lost;

  /** @param {(code: string) => void} lost called when the camera stops by itself */
  constructor(lost) {
    this.#lost = lost;
  }

  /** @returns {MediaStreamTrack|null} the live track */
  get track() {
    const track = this.#stream?.getVideoTracks()[0];
    return track?.readyState === 'live' ? track : null;
  }

  get stream() {
    return this.#stream;
  }

  /** Opens the camera, or gives the open one. Call it inside a click. Throws PageError. */
  async open() {
    if (!this.track) await this.#take(recall());
    return /** @type {MediaStreamTrack} */ (this.track);
  }

  /** Changes to another camera and remembers it. Throws PageError. @param {string} id */
  async choose(id) {
    this.close();
    await this.#take(id);
    remember(id);
    return /** @type {MediaStreamTrack} */ (this.track);
  }

  /** The cameras there are; labels come only after permission. */
  async list() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter((d) => d.kind === 'videoinput');
  }

  close() {
    this.#stream?.getTracks().forEach((t) => t.stop());
    this.#stream = null;
  }

  /** @param {string} id '' is any camera that faces the person @returns {Promise<void>} */
  async #take(id) {
    const devices = mediaDevices();
    try {
      this.#stream = await devices.getUserMedia({ video: { ...wanted, ...(id ? { deviceId: { exact: id } } : { facingMode: 'user' }) } });
    } catch (e) {
      if (id && refusal(e) === 'camera_absent') return this.#take(''); // the remembered one is gone
      throw new PageError(refusal(e), e);
    }
    const stream = this.#stream;
    stream.getVideoTracks()[0]?.addEventListener('ended', () => {
      if (this.#stream === stream) this.#lost('camera_unplugged');
    });
  }
}

/** What the browser says of a track, as the `device` message has it. @param {MediaStreamTrack} track */
export function describe(track) {
  const s = track.getSettings();
  return {
    type: /** @type {const} */ ('device'), label: track.label, width: s.width, height: s.height,
    frame_rate: s.frameRate, facing_mode: s.facingMode,
  };
}

function mediaDevices() {
  if (!globalThis.isSecureContext) throw new PageError('insecure');
  if (!navigator.mediaDevices?.getUserMedia || !globalThis.RTCPeerConnection) throw new PageError('unsupported');
  return navigator.mediaDevices;
}

/** The code for what getUserMedia threw. @param {unknown} e */
export function refusal(e) {
  const { name = '', message = '' } = /** @type {{name?: string, message?: string}} */ (e ?? {});
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      if (/system/i.test(message)) return 'camera_blocked'; // Chrome: "Permission denied by system"
      return framedOut() ? 'camera_embedded' : 'camera_denied';
    case 'NotFoundError':
    case 'OverconstrainedError': return 'camera_absent';
    case 'NotReadableError':
    case 'AbortError': return 'camera_busy';
    case 'TypeError': return 'unsupported';
    default: return 'camera_failed';
  }
}

/** Whether the page that holds our frame keeps the camera from it. */
function framedOut() {
  const d = /** @type {{featurePolicy?: {allowsFeature(name: string): boolean}}|undefined} */ (/** @type {unknown} */ (globalThis.document));
  return d?.featurePolicy ? !d.featurePolicy.allowsFeature('camera') : false;
}

// Storage throws where cookies are blocked: then every visit asks anew.
function recall() {
  try {
    return localStorage.getItem(remembered) ?? '';
  } catch {
    return '';
  }
}

/** @param {string} id */
function remember(id) {
  try {
    localStorage.setItem(remembered, id);
  } catch { /* see above */ }
}
