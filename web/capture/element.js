// <idlive-face-capture>: a camera, an oval, and a photo with an encrypted packet when the picture is good.
import { CaptureError, altered, cameras, openCamera, settings, takeBurst } from './camera.js';
import { Eye, optional } from './eye.js';
import { sealPacket, sealingKey } from './packet.js';
import { Server } from './server.js';
import { View } from './view.js';

const client = 'idlive-face-capture/1.0.0';
const lookEvery = 150; // ms
const steadyFor = 900; // ms of a good picture before the photo is taken
const steadyBlind = 2500; // the same where nobody knows whether there is a face: time to get into the oval

/** @typedef {{photo: Blob, encryptedFile?: Blob}} Captured */

export class FaceCapture extends HTMLElement {
  static observedAttributes = ['device_id', 'mask_hidden'];

  #view = new View(this.attachShadow({ mode: 'open' }));
  /** @type {MediaStream|null} */ #stream = null;
  /** @type {AbortController|null} */ #open = null; // ends what runs while the camera is open
  /** @type {Promise<import('./packet.js').SealingKey>|null} */ #key = null;
  #ownKey = false; // setEncryptionKey was called
  #token = '';
  #external = '';
  #hidden = false; // the page went off the screen since the camera opened
  #since = 0; // performance.now() when the camera opened
  #taking = false;
  #announced = false;
  /** @type {((picture: {image: ImageData}) => unknown)|null} */ #quality = null;

  constructor() {
    super();
    this.#view.on('open', () => this.openCamera());
    this.#view.on('close', () => this.closeCamera());
    this.#view.on('take', () => this.takePhoto());
    this.#view.onCamera((id) => this.setAttribute('device_id', id));
  }

  connectedCallback() {
    if (this.#announced) return;
    this.#announced = true;
    // Whoever imports this module has not had time to listen.
    setTimeout(() => {
      this.#tell('beforeInitialize', {});
      this.#tell('initialize', { checks: this.checks() });
    });
  }

  disconnectedCallback() {
    this.closeCamera();
  }

  /** @param {string} name @param {string|null} was @param {string|null} now */
  attributeChangedCallback(name, was, now) {
    if (name === 'mask_hidden') this.#view.mask(!this.#is('mask_hidden'));
    else if (was !== now && this.#stream && now !== this.#stream.getVideoTracks()[0]?.getSettings().deviceId) void this.#reopen();
  }

  /** Texts to show in place of ours, by code. @param {Partial<Record<string, string>>} t */
  set texts(t) {
    this.#view.texts = t;
  }

  /**
   * Who makes each optional check: element, browser, server, or nobody, and whether it is asked for.
   * @returns {Record<string, {enabled: boolean, by: string}>}
   */
  checks() {
    const { knows } = this.#eye();
    return Object.fromEntries(Object.entries(optional).map(([name, c]) => {
      const by = /** @type {readonly string[]} */ (c.by);
      return [name, { enabled: this.#is(name), by: by.includes('element') ? 'element' : by.includes(knows) ? knows : 'nobody' }];
    }));
  }

  /** Opens the camera. Call it in a click: some browsers ask for permission in one only. */
  async openCamera() {
    if (this.#open) return;
    const open = this.#open = new AbortController();
    this.#tell('beforeOpen', {});
    this.#view.show('opening');
    try {
      this.#key ??= this.#server().key();
      this.#key.catch(() => {}); // told when it is needed
      await this.#start(open);
      void this.#watch(open.signal);
    } catch (e) {
      if (open === this.#open) this.#fail(e);
    }
  }

  /** Closes it. What has not been taken is not taken any more. */
  closeCamera() {
    if (!this.#open) return;
    this.#stop();
    this.#view.show('closed');
    this.#tell('close', {});
  }

  /** Takes the photo now. @returns {Promise<Captured|null>} what the event `capture` tells; null when it failed, which `error` tells */
  async takePhoto() {
    if (!this.#stream) return this.#fail(new CaptureError('camera_failed'));
    return this.#take('manual');
  }

  /** The key to seal for, in place of the server's newest. @param {Blob|ArrayBuffer|Uint8Array} der @param {string} [id] */
  async setEncryptionKey(der, id) {
    const raw = der instanceof Blob ? await der.arrayBuffer() : der;
    this.#ownKey = true;
    this.#key = sealingKey(new Uint8Array(/** @type {ArrayBuffer} */ (raw)), id);
    await this.#key;
  }

  /** Lets the server look at small pictures and say what is wrong with them. Ours. @param {string} jwt of Liveness Plus; '' sends none */
  setToken(jwt) {
    this.#token = jwt;
  }

  /** Text that is sealed with the pictures, at most 4096 bytes. @param {string} text */
  setExternalMeta(text) {
    if (new TextEncoder().encode(text).length > 4096) throw new RangeError('external meta: more than 4096 bytes');
    this.#external = text;
  }

  /** A check of the page's own. It gives true, or nothing, for a good picture, and text or texts for what is wrong. @param {((picture: {image: ImageData}) => unknown)|null} check */
  setCustomQualityFunction(check) {
    this.#quality = check;
  }

  /** Takes any licence: none is needed. @param {string} _license @param {string} [type] */
  setLicense(_license, type = 'faceDetector') {
    this.#tell('licenseInfo', this.getLicenseInfo(type));
  }

  /** @param {string} [type] */
  getLicenseInfo(type = 'faceDetector') {
    return { type, valid: true, message: 'no licence is needed' };
  }

  #server() {
    return new Server(this.getAttribute('server_url') ?? new URL(import.meta.url).origin);
  }

  #eye() {
    return new Eye(this.#server(), this.#token);
  }

  /** @param {AbortController} open */
  async #start(open) {
    const stream = await openCamera(this.getAttribute('device_id') ?? '');
    if (open.signal.aborted) {
      stream.getTracks().forEach((t) => t.stop());
      throw new CaptureError('closed');
    }
    this.#stream = stream;
    const track = stream.getVideoTracks()[0];
    track?.addEventListener('ended', () => { if (this.#stream === stream) this.#fail(new CaptureError('camera_failed')); });
    await this.#view.play(stream);
    this.#since = performance.now();
    this.#hidden = document.visibilityState === 'hidden';
    document.addEventListener('visibilitychange', () => { this.#hidden ||= document.visibilityState === 'hidden'; }, { signal: open.signal });
    this.#view.show('live');
    this.#view.cameras(await cameras(), track?.getSettings().deviceId ?? '');
    this.#tell('open', {});
  }

  async #reopen() {
    this.#stop();
    await this.openCamera();
  }

  #stop() {
    this.#open?.abort();
    this.#open = null;
    this.#stream?.getTracks().forEach((t) => t.stop());
    this.#stream = null;
    this.#taking = false;
  }

  /** Looks until the camera is closed, and releases when the picture has been good for a while. @param {AbortSignal} signal */
  async #watch(signal) {
    const eye = this.#eye();
    let good = Infinity;
    while (!signal.aborted) {
      if (!this.#taking) {
        const sight = await eye.look(this.#view.video).catch(() => null);
        if (signal.aborted || this.#taking) continue;
        const errors = this.#wanted([...(sight?.errors ?? []), ...this.#custom()]);
        if (sight?.faces) this.#tell('faceDetection', { faces: sight.faces });
        this.#tell('detection', { errors, ready: sight?.ready ?? false });
        const fine = sight?.ready === true && errors.length === 0;
        good = fine ? Math.min(good, performance.now()) : Infinity;
        this.#view.hint(errors[0] ?? (fine && eye.knows !== 'nobody' ? 'steady' : 'place'), fine, this.#is('audio_enabled'));
        const wait = eye.knows === 'nobody' ? steadyBlind : steadyFor;
        if (!this.#is('auto_capture_disabled') && performance.now() - good >= wait) await this.#take('auto');
      }
      await new Promise((resolve) => { setTimeout(resolve, lookEvery); });
    }
  }

  /** Leaves out the optional checks that are not asked for. @param {string[]} errors */
  #wanted(errors) {
    const off = Object.entries(optional).filter(([name, c]) => !this.#is(name) && !/** @type {readonly string[]} */ (c.by).includes('element'));
    return errors.filter((e) => !off.some(([, c]) => c.error === e));
  }

  /** @returns {string[]} */
  #custom() {
    if (!this.#quality) return [];
    const image = this.#view.image();
    const said = image ? this.#quality({ image }) : true;
    if (said === true || said === undefined || said === null) return [];
    return Array.isArray(said) ? said.map(String) : [typeof said === 'string' ? said : 'custom'];
  }

  /** @param {'auto'|'manual'} mode @returns {Promise<Captured|null>} */
  async #take(mode) {
    const open = this.#open;
    if (this.#taking || !open) return null;
    this.#taking = true;
    this.#view.hint('taking', true, false);
    this.#tell('beforeCapture', {});
    try {
      const captured = await this.#capture(mode, open.signal);
      this.#view.hint('done', true, false);
      if (!this.#is('auto_close_disabled')) this.closeCamera();
      this.#tell('capture', captured);
      return captured;
    } catch (e) {
      return open === this.#open ? this.#fail(e) : null;
    } finally {
      this.#taking = false;
    }
  }

  /** @param {'auto'|'manual'} mode @param {AbortSignal} signal @returns {Promise<Captured>} */
  async #capture(mode, signal) {
    const size = this.getAttribute('payload_size') === 'small' ? 'small' : 'normal';
    const plain = this.getAttribute('capture_mode') === 'singleImage';
    const key = plain ? null : await this.#sealing();
    const nonce = plain ? '' : await this.#server().nonce(); // before the burst: the server knows then when it can have begun
    const { photo, picture, burst, shots } = await takeBurst(this.#view.video, size, this.#since, signal);
    if (!key) return { photo };
    const changed = altered();
    /** @type {import('./packet.js').Meta} */
    const meta = {
      ...(nonce ? { nonce } : {}), made_at_ms: Date.now(), client, mode, ...(this.#external ? { external: this.#external } : {}),
      camera: settings(this.#stream), signs: { driven: navigator.webdriver === true, ...(changed.length ? { altered: changed } : {}), hidden: this.#hidden },
      photo: picture, burst: shots,
    };
    try {
      const [whole, ...pictures] = await Promise.all([photo, ...burst].map(async (b) => new Uint8Array(await b.arrayBuffer())));
      const sealed = await sealPacket(key, meta, /** @type {Uint8Array} */ (whole), pictures);
      return { photo, encryptedFile: new Blob([sealed], { type: 'application/octet-stream' }) };
    } catch (e) {
      throw new CaptureError('seal_failed', e);
    }
  }

  /** @returns {Promise<import('./packet.js').SealingKey>} */
  async #sealing() {
    try {
      return await (this.#key ??= this.#server().key());
    } catch (e) {
      if (!this.#ownKey) this.#key = null; // ask again the next time
      throw new CaptureError('no_key', e);
    }
  }

  /** Closes the camera and tells why. @param {unknown} e @returns {null} */
  #fail(e) {
    const code = e instanceof CaptureError ? e.code : 'camera_failed';
    const was = this.#open !== null;
    this.#stop();
    this.#view.show('closed', code);
    this.#tell('error', { code, message: this.#view.text(code) });
    if (was) this.#tell('close', {});
    return null;
  }

  /** A flag, as HTML has them; "false" is none. @param {string} name */
  #is(name) {
    return this.hasAttribute(name) && this.getAttribute(name) !== 'false';
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail: [detail] }));
  }
}
