// The page in a browser: the person's own camera, one attempt after another.

import { Camera, PageError } from './camera.js';
import { initial, reduce } from './flow.js';
import { Microphone, offered } from './microphone.js';
import { allowBrowser, allowCamera, detect, realBrowser } from './platform.js';
import { Session, createSession } from './session.js';
import { Stage } from './stage.js';

/** @typedef {import('./flow.js').Event} Event */
/** @typedef {import('./session.js').Ticket} Ticket */

class Page {
  #model = initial;
  #platform = detect(navigator.userAgent, navigator.maxTouchPoints);
  #camera = new Camera((code) => this.#lost(code));
  /** @type {Stage} */ #stage;
  /** @type {AbortController|null} the attempt that runs */ #attempt = null;
  /** @type {Session|null} */ #session = null;
  /** @type {Ticket|null} one that an integrator's back end made */ #given = takeTicket();
  #microphone = new Microphone();
  #listen = document.createElement('input');
  #video = document.createElement('video');
  #cameras = document.createElement('select');
  #again = button('Try again', 'primary', () => this.#start());

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#stage = new Stage(root, { steps: (code) => this.#steps(code) });
    this.#build(root);
    this.#stage.render(this.#model);
    if (!isSecureContext) this.#dispatch({ type: 'failed', code: 'insecure' });
    else if (this.#platform.inApp && this.#platform.inApp !== 'this app') this.#dispatch({ type: 'failed', code: 'in_app' });
  }

  /** @param {HTMLElement} root */
  #build(root) {
    Object.assign(this.#video, { muted: true, autoplay: true, playsInline: true, className: 'mirrored' });
    this.#video.setAttribute('aria-label', 'Your camera');
    this.#stage.part('view').append(this.#video);
    root.querySelector('[data-part="start"]')?.addEventListener('click', () => this.#start());
    void this.#offerMicrophone(root);
    this.#stage.part('verdict-actions').append(this.#again);
    this.#stage.part('error-actions').append(button('Try again', 'primary', () => this.#start()));
    const label = document.createElement('label');
    label.className = 'cameras';
    label.append('Camera', this.#cameras);
    this.#cameras.addEventListener('change', () => this.#choose(this.#cameras.value));
    this.#stage.part('tools').append(label, button('Cancel', 'quiet', () => this.#cancel()));
    this.#stage.part('error-actions').after(this.#inAppActions());
  }

  /** @param {Event} event */
  #dispatch(event) {
    this.#model = reduce(this.#model, event);
    const m = this.#model;
    this.#stage.render(m);
    this.#stage.part('in-app').hidden = m.problem !== 'in_app';
    this.#cameras.parentElement?.toggleAttribute('hidden', this.#cameras.length < 2 || !['connecting', 'framing'].includes(m.stage));
    if (event.type === 'prompt') this.#session?.shown(event.index);
    if (event.type === 'verdict') this.#answered(event.outcome === 'live');
  }

  /** Another try is the thing to do, unless there is no need for one. @param {boolean} live */
  #answered(live) {
    this.#again.className = live ? 'quiet' : 'primary';
    this.#again.textContent = live ? 'Check again' : 'Try again';
    if (live) this.#release();
  }

  /** Runs in the click, so that the browser takes the question for the camera as the person's wish. */
  async #start() {
    this.#attempt?.abort();
    const { signal } = (this.#attempt = new AbortController());
    this.#dispatch({ type: 'started' });
    try {
      const track = await this.#camera.open();
      if (signal.aborted) return;
      this.#video.srcObject = this.#camera.stream;
      const voice = this.#listen.checked ? await this.#microphone.open() : null;
      if (signal.aborted) return;
      this.#dispatch({ type: 'camera_ready' });
      await this.#listCameras(track);
      const ticket = this.#given ?? (await createSession(signal));
      this.#given = null;
      if (signal.aborted) return;
      this.#session = new Session(ticket, this.#camera.track, (e) => signal.aborted || this.#dispatch(e), signal, voice);
    } catch (e) {
      if (!signal.aborted) this.#refused(e);
    }
  }

  #cancel() {
    this.#attempt?.abort();
    this.#release();
    this.#dispatch({ type: 'reset' });
  }

  #release() {
    this.#video.srcObject = null;
    this.#camera.close();
    this.#microphone.close();
  }

  /** A box to tick, unticked, where the server would listen. @param {HTMLElement} root */
  async #offerMicrophone(root) {
    const choice = root.querySelector('[data-part="listen"]');
    if (!choice || !(await offered())) return;
    this.#listen.type = 'checkbox';
    choice.prepend(this.#listen);
    choice.removeAttribute('hidden');
    const silent = root.querySelector('[data-part="silent"]');
    if (silent) silent.textContent = 'Moving your lips is enough; without your leave nothing is heard.';
  }

  /** @param {string} code */
  #lost(code) {
    this.#session?.cameraLost();
    this.#dispatch({ type: 'failed', code });
  }

  /** @param {unknown} e */
  #refused(e) {
    let code = e instanceof PageError ? e.code : 'internal';
    if (code === 'internal') console.error(e);
    // Inside an app it is the app that gives no camera, whatever the error says.
    if (this.#platform.inApp && ['unsupported', 'camera_denied', 'camera_failed'].includes(code)) code = 'in_app';
    this.#dispatch({ type: 'failed', code });
  }

  /** @param {MediaStreamTrack} track */
  async #listCameras(track) {
    const all = await this.#camera.list();
    const current = track.getSettings().deviceId;
    this.#cameras.replaceChildren(...all.map((d, i) => new Option(d.label || `Camera ${i + 1}`, d.deviceId, false, d.deviceId === current)));
  }

  /** @param {string} id */
  async #choose(id) {
    try {
      const track = await this.#camera.choose(id);
      this.#video.srcObject = this.#camera.stream;
      await this.#session?.replaceTrack(track);
    } catch (e) {
      this.#session?.cameraLost();
      this.#refused(e);
    }
  }

  /** How to mend a problem on this very browser. @param {string} code */
  #steps(code) {
    switch (code) {
      case 'camera_denied': return allowCamera(this.#platform);
      case 'camera_blocked': return allowBrowser(this.#platform);
      case 'in_app': {
        const app = this.#platform.inApp;
        return [`Open the menu (⋯ or ⋮) of ${app}.`, `Choose “Open in ${realBrowser(this.#platform)}”, or copy the link and paste it there.`];
      }
      default: return [];
    }
  }

  #inAppActions() {
    const box = document.createElement('div');
    box.className = 'actions';
    box.dataset.part = 'in-app';
    const copy = button('Copy link', 'primary', () => {
      navigator.clipboard?.writeText(location.href).then(() => (copy.textContent = 'Copied'), () => {});
    });
    box.append(copy, button('Try here anyway', 'quiet', () => this.#start()));
    return box;
  }
}

/**
 * A session that an integrator's back end made comes in the fragment, which no
 * browser sends to a server: /#session=ID&token=TOKEN. It is taken out of the
 * address, so that it is not shared with the link.
 * @returns {Ticket|null}
 */
function takeTicket() {
  const f = new URLSearchParams(location.hash.slice(1));
  const id = f.get('session');
  const token = f.get('token');
  if (!id || !token) return null;
  history.replaceState(null, '', location.pathname + location.search);
  return { id, token, url: `/v1/sessions/${encodeURIComponent(id)}/ws` };
}

/** @param {string} text @param {string} kind @param {() => void} act */
function button(text, kind, act) {
  const b = document.createElement('button');
  b.type = 'button';
  b.className = kind;
  b.textContent = text;
  b.addEventListener('click', act);
  return b;
}

const root = document.querySelector('main');
if (root) new Page(root);
