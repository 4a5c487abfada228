// The person's camera, and the frames of a burst.

/** An error that an `error` event tells: its code is one of texts.js. */
export class CaptureError extends Error {
  /** @param {string} code @param {unknown} [cause] */
  constructor(code, cause) {
    super(code, { cause });
    this.name = 'CaptureError';
    this.code = code;
  }
}

/** Opens a camera. @param {string} id '' is any that faces the person @returns {Promise<MediaStream>} */
export async function openCamera(id) {
  if (!globalThis.isSecureContext) throw new CaptureError('insecure');
  if (!navigator.mediaDevices?.getUserMedia || !globalThis.crypto?.subtle) throw new CaptureError('unsupported');
  const wanted = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { ...wanted, ...(id ? { deviceId: { exact: id } } : { facingMode: 'user' }) } });
  } catch (e) {
    throw new CaptureError(refusal(e), e);
  }
}

/** The code for what getUserMedia threw. @param {unknown} e */
export function refusal(e) {
  switch (/** @type {{name?: string}} */ (e ?? {}).name) {
    case 'NotAllowedError':
    case 'SecurityError': return 'camera_denied';
    case 'NotFoundError':
    case 'OverconstrainedError': return 'camera_absent';
    case 'NotReadableError':
    case 'AbortError': return 'camera_busy';
    default: return 'camera_failed';
  }
}

/** The cameras there are; labels come only after permission. */
export async function cameras() {
  const all = await navigator.mediaDevices.enumerateDevices();
  return all.filter((d) => d.kind === 'videoinput');
}

/** What the browser says of the camera. @param {MediaStream|null} stream @returns {import('./packet.js').CameraSettings} */
export function settings(stream) {
  const track = stream?.getVideoTracks()[0];
  const s = track?.getSettings() ?? {};
  return {
    label: (track?.label ?? '').slice(0, 128), width: s.width ?? 0, height: s.height ?? 0, frame_rate: Math.round((s.frameRate ?? 0) * 1000) / 1000,
    ...(s.facingMode ? { facing_mode: s.facingMode } : {}),
  };
}

/**
 * @typedef {{at: number, media: number, frame: number}} Moment
 * at: performance.now() in ms; media: the stream's own time in ms; frame: how many were shown by then
 */

/**
 * Waits for the next frame of a playing video.
 * @param {HTMLVideoElement} video @param {AbortSignal} signal
 * @returns {Promise<Moment>}
 */
export function nextFrame(video, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new CaptureError('closed'));
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    const give = (/** @type {Moment} */ m) => {
      signal.removeEventListener('abort', stop);
      resolve(m);
    };
    if (video.requestVideoFrameCallback) {
      video.requestVideoFrameCallback((_, m) => give({ at: performance.now(), media: m.mediaTime * 1000, frame: m.presentedFrames }));
      return;
    }
    const was = video.getVideoPlaybackQuality().totalVideoFrames;
    const look = () => { // Firefox before 132
      if (signal.aborted) return;
      const frame = video.getVideoPlaybackQuality().totalVideoFrames;
      if (frame > was) give({ at: performance.now(), media: video.currentTime * 1000, frame });
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}

/** A canvas with a picture, so many pixels a side at most. @param {HTMLVideoElement|HTMLCanvasElement} from @param {number} most */
export function still(from, most) {
  const [w, h] = from instanceof HTMLCanvasElement ? [from.width, from.height] : [from.videoWidth, from.videoHeight];
  const scale = Math.min(1, most / Math.max(w, h, 1));
  const canvas = Object.assign(document.createElement('canvas'), { width: Math.round(w * scale), height: Math.round(h * scale) });
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (!pen || canvas.width === 0) throw new CaptureError('camera_failed');
  pen.imageSmoothingQuality = 'high';
  pen.drawImage(from, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** @param {HTMLCanvasElement} canvas @param {number} quality @returns {Promise<Blob>} */
export function jpeg(canvas, quality) {
  return new Promise((resolve, reject) => {
    canvas.toBlob((b) => (b ? resolve(b) : reject(new CaptureError('camera_failed'))), 'image/jpeg', quality);
  });
}

// What each payload_size takes: pictures of the burst and their longer side, the photo's longer side, JPEG qualities.
const sizes = /** @type {const} */ ({
  normal: { shots: 8, side: 320, photo: 1280, quality: 0.92, burst: 0.9 },
  small: { shots: 6, side: 240, photo: 640, quality: 0.88, burst: 0.82 },
});
const gap = 120; // ms between pictures, at least

/**
 * Takes a photo and the pictures around it.
 * @param {HTMLVideoElement} video @param {'normal'|'small'} size @param {number} since performance.now() when the camera opened
 * @param {AbortSignal} signal
 * @returns {Promise<{photo: Blob, picture: import('./packet.js').Picture, burst: Blob[], shots: import('./packet.js').Shot[]}>}
 */
export async function takeBurst(video, size, since, signal) {
  const s = sizes[size];
  const of = Math.floor(s.shots / 2);
  /** @type {HTMLCanvasElement[]} */ const canvases = [];
  /** @type {import('./packet.js').Shot[]} */ const shots = [];
  /** @type {HTMLCanvasElement|null} */ let whole = null;
  let media = 0;
  for (let last = -Infinity; shots.length < s.shots;) {
    const m = await nextFrame(video, signal);
    if (m.at - last < gap) continue;
    last = m.at;
    if (shots.length === 0) media = m.media;
    if (shots.length === of) whole = still(video, s.photo);
    // The same frame: by a second look at the video there may be the next one.
    const canvas = still(shots.length === of && whole ? whole : video, s.side);
    canvases.push(canvas);
    shots.push({ width: canvas.width, height: canvas.height, at_ms: tenth(m.at - since), media_ms: tenth(m.media - media), frame: m.frame });
  }
  if (!whole) throw new CaptureError('camera_failed');
  const photo = await jpeg(whole, s.quality);
  const burst = await Promise.all(canvases.map((c) => jpeg(c, s.burst)));
  return { photo, picture: { of, width: whole.width, height: whole.height }, burst, shots };
}

/** @param {number} ms */
const tenth = (ms) => Math.max(0, Math.round(ms * 10) / 10);

/**
 * What of the browser a script has replaced, by name, as far as that shows.
 * @returns {string[]}
 */
export function altered() {
  const print = Function.prototype.toString;
  const ours = /** @type {[string, unknown][]} */ ([
    ['getUserMedia', navigator.mediaDevices?.getUserMedia], ['getSettings', globalThis.MediaStreamTrack?.prototype.getSettings],
    ['drawImage', globalThis.CanvasRenderingContext2D?.prototype.drawImage], ['toBlob', globalThis.HTMLCanvasElement?.prototype.toBlob],
    ['requestVideoFrameCallback', globalThis.HTMLVideoElement?.prototype.requestVideoFrameCallback],
    ['now', performance.now], ['encrypt', crypto.subtle?.encrypt], ['toString', print],
  ]);
  return ours.filter(([, f]) => typeof f === 'function' && !/\{\s*\[native code\]\s*\}\s*$/.test(print.call(f))).map(([name]) => name);
}
