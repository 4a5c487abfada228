// The page on a kiosk: the server holds the camera, people come and go, and nothing
// of one may be seen by the next. A session is always open, so that the server sees
// who steps up; the screen invites until it does.

import { PageError } from './camera.js';
import { initial, reduce } from './flow.js';
import { Session, createSession } from './session.js';
import { Stage } from './stage.js';

/** @typedef {import('./flow.js').Event} Event */

// How long an answer stays, how long nobody must be there before the screen invites
// again, the pause before another try after a fault and that between two sessions;
// milliseconds.
const answerStays = 12_000;
const goneAfter = 8_000;
const faultPause = 3_000;
const breath = 300;

class Kiosk {
  #model = initial;
  /** @type {Stage} */ #stage;
  #attempt = new AbortController();
  /** @type {Session|null} */ #session = null;
  #present = false; // somebody stands there
  #broken = false; // a fault is on the screen until frames come again
  #timer = 0; // the one thing that happens by itself next
  #gone = 0;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#stage = new Stage(root, { kiosk: true });
    for (const [where, text] of [['tools', 'Cancel'], ['verdict-actions', 'Done']]) {
      const b = document.createElement('button');
      b.type = 'button';
      b.className = 'quiet';
      b.textContent = /** @type {string} */ (text);
      b.addEventListener('click', () => this.#reset());
      this.#stage.part(/** @type {string} */ (where)).append(b);
    }
    root.querySelector('[data-part="start"]')?.addEventListener('click', () => this.#arrived());
    this.#reset();
  }

  /** Forgets the person and waits for the next. */
  #reset() {
    this.#leave();
    this.#attempt.abort();
    this.#show(initial);
    this.#timer = setTimeout(() => this.#open(), breath);
  }

  async #open() {
    this.#attempt.abort();
    const { signal } = (this.#attempt = new AbortController());
    clearTimeout(this.#timer);
    const hear = (/** @type {Event} */ e) => {
      if (!signal.aborted) this.#dispatch(e);
    };
    try {
      const ticket = await createSession(signal);
      this.#session = new Session(ticket, null, hear, signal);
    } catch (e) {
      hear({ type: 'failed', code: e instanceof PageError ? e.code : 'internal' });
    }
  }

  /** @param {Event} event */
  #dispatch(event) {
    const next = reduce(this.#model, event);
    if (next.problem) return this.#fault(next, event.type === 'error' && !event.fatal);
    this.#model = next;
    if (event.type === 'state' && event.state === 'framing') this.#broken = false;
    if (this.#broken) return;
    this.#notice(event);
    if (next.screen === 'verdict' && !this.#present) return this.#reset(); // nobody came: wait on
    this.#show({ ...next, screen: next.screen === 'verdict' ? 'verdict' : this.#present ? 'live' : 'start' });
    if (event.type === 'prompt') this.#session?.shown(event.index);
    if (event.type !== 'verdict') return;
    this.#hide();
    this.#timer = setTimeout(() => this.#reset(), answerStays);
  }

  /** Who is there is told by the hints: every one but no_face means a face. @param {Event} event */
  #notice(event) {
    if (event.type === 'prompt' || (event.type === 'state' && event.state === 'challenge')) this.#arrived();
    if (event.type !== 'hint' || event.code === 'reconnecting') return;
    if (event.code !== 'no_face') return this.#arrived();
    if (this.#present && !this.#gone && this.#model.stage === 'framing') {
      this.#gone = setTimeout(() => this.#reset(), goneAfter);
    }
  }

  #arrived() {
    clearTimeout(this.#gone);
    this.#gone = 0;
    if (this.#present || this.#broken) return;
    this.#present = true;
    const picture = document.createElement('img');
    picture.className = 'mirrored';
    picture.alt = 'Your picture';
    picture.src = '/v1/preview';
    this.#stage.part('view').replaceChildren(picture);
    this.#show({ ...this.#model, screen: 'live', stage: this.#model.stage === 'camera' ? 'connecting' : this.#model.stage });
  }

  /** Takes everything of the person off the screen. */
  #leave() {
    this.#present = false;
    clearTimeout(this.#timer);
    clearTimeout(this.#gone);
    this.#gone = 0;
    this.#hide();
  }

  #hide() {
    const view = this.#stage.part('view');
    view.querySelector('img')?.removeAttribute('src'); // else the browser goes on fetching pictures that nobody sees
    view.replaceChildren();
  }

  /** @param {Readonly<import('./flow.js').Model>} model @param {boolean} waiting the session goes on when it is mended */
  #fault(model, waiting) {
    const alone = !this.#present && model.problem === 'timeout';
    this.#leave();
    if (alone) return this.#reset(); // an empty room is no fault
    this.#broken = true;
    this.#show({ ...initial, screen: 'error', session: model.session, problem: model.problem });
    this.#model = initial; // the fault stays on the screen, the next session starts afresh
    this.#stage.part('error-actions').hidden = true;
    if (waiting) return;
    this.#attempt.abort();
    this.#timer = setTimeout(() => this.#open(), faultPause);
  }

  /** @param {Readonly<import('./flow.js').Model>} model */
  #show(model) {
    this.#model = model;
    this.#stage.render(model);
  }
}

const root = document.querySelector('main');
if (root) new Kiosk(root);
