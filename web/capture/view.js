// What is to be seen of the element: the video under an oval, one hint, and three controls.
import { still } from './camera.js';
import { oval } from './picture.js';
import { css } from './style.js';
import { texts } from './texts.js';

/** @typedef {'open'|'close'|'take'} Act */

export class View {
  /** @type {Partial<Record<string, string>>} */ #own = {};
  #root;
  #said = '';
  #focused = false;
  video = document.createElement('video');
  #mask = ellipse();
  #hint = part('p', 'hint');
  #select = document.createElement('select');
  #buttons = { open: part('button', ''), close: part('button', 'quiet'), take: part('button', '') };
  #message = document.createElement('p');
  #closed = part('div', 'closed');
  #stage = part('div', 'stage');
  #foot = part('div', 'foot');
  #label = document.createElement('label');
  #name = part('span', 'spoken');

  /** @param {ShadowRoot} root */
  constructor(root) {
    this.#root = root;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
    Object.assign(this.video, { muted: true, playsInline: true, autoplay: true });
    this.video.setAttribute('aria-hidden', 'true');
    this.#hint.setAttribute('role', 'status');
    this.#message.setAttribute('role', 'alert');
    for (const b of Object.values(this.#buttons)) b.setAttribute('type', 'button');
    this.#label.append(this.#name, this.#select);
    this.#foot.append(this.#buttons.take, this.#label, this.#buttons.close);
    this.#closed.append(this.#message, this.#buttons.open);
    this.#stage.append(this.video, this.#mask, this.#hint, this.#closed);
    root.append(this.#stage, this.#foot);
    this.show('closed');
  }

  /** @param {Partial<Record<string, string>>} t */
  set texts(t) {
    this.#own = t;
    this.#name.textContent = this.text('camera');
    this.#buttons.take.textContent = this.text('take');
    this.#buttons.close.textContent = this.text('close');
    if (!this.#closed.hidden) this.#buttons.open.textContent = this.text('open');
  }

  /** @param {string} code */
  text(code) {
    return this.#own[code] ?? /** @type {Record<string, string>} */ (texts)[code] ?? code;
  }

  /** @param {Act} act @param {() => void} does */
  on(act, does) {
    this.#buttons[act].addEventListener('click', does);
  }

  /** @param {(id: string) => void} chosen */
  onCamera(chosen) {
    this.#select.addEventListener('change', () => chosen(this.#select.value));
  }

  /** @param {'closed'|'opening'|'live'} what @param {string} [problem] why it is closed */
  show(what, problem) {
    const live = what === 'live';
    this.#focused ||= this.#root.activeElement !== null; // controls that go must not take the focus with them
    this.#closed.hidden = live;
    this.#foot.hidden = this.#hint.hidden = !live;
    this.#buttons.open.hidden = what === 'opening';
    this.#buttons.open.textContent = this.text(problem ? 'again' : 'open');
    this.#buttons.take.textContent = this.text('take');
    this.#buttons.close.textContent = this.text('close');
    this.#name.textContent = this.text('camera');
    this.#message.textContent = what === 'opening' ? this.text('opening') : problem ? this.text(problem) : '';
    if (!live) this.video.srcObject = null;
    if (!this.#focused || what === 'opening') return;
    this.#focused = false;
    (live ? this.#buttons.take : this.#buttons.open).focus();
  }

  /** @param {MediaStream} stream */
  async play(stream) {
    this.video.classList.toggle('back', stream.getVideoTracks()[0]?.getSettings().facingMode === 'environment');
    this.video.srcObject = stream;
    await this.video.play();
    const { videoWidth: w, videoHeight: h } = this.video;
    // The oval is that of the whole picture, so that all of it is to be seen.
    if (w > 0 && h > 0) this.#stage.style.setProperty('aspect-ratio', `${w} / ${h}`);
  }

  /** @param {boolean} shown */
  mask(shown) {
    this.#mask.toggleAttribute('hidden', !shown);
  }

  /** @param {MediaDeviceInfo[]} all @param {string} current */
  cameras(all, current) {
    this.#select.replaceChildren(...all.map((d, i) => new Option(d.label || `${this.text('camera')} ${i + 1}`, d.deviceId, false, d.deviceId === current)));
    this.#label.hidden = all.length < 2;
  }

  /** Shows what to do; the same is said once. @param {string} code @param {boolean} good @param {boolean} aloud */
  hint(code, good, aloud) {
    const text = this.text(code);
    this.#root.host.toggleAttribute('data-good', good);
    if (text === this.#said) return;
    this.#said = this.#hint.textContent = text;
    if (aloud && globalThis.speechSynthesis) {
      speechSynthesis.cancel();
      speechSynthesis.speak(new SpeechSynthesisUtterance(text));
    }
  }

  /** The picture now, small. */
  image() {
    const c = still(this.video, 320);
    return c.getContext('2d')?.getImageData(0, 0, c.width, c.height) ?? null;
  }
}

/** @param {string} tag @param {string} name @returns {HTMLElement} */
function part(tag, name) {
  const e = document.createElement(tag);
  e.className = name;
  return e;
}

/** The veil with an oval hole. */
function ellipse() {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', 'mask');
  svg.setAttribute('viewBox', '0 0 100 100');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  const { x, y, rx, ry } = { x: oval.x * 100, y: oval.y * 100, rx: oval.rx * 100, ry: oval.ry * 100 };
  const ring = `M${x - rx} ${y}a${rx} ${ry} 0 1 0 ${2 * rx} 0a${rx} ${ry} 0 1 0 ${-2 * rx} 0z`;
  for (const [name, d] of [['veil', `M0 0h100v100H0z${ring}`], ['rim', ring]]) {
    const p = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    p.setAttribute('class', String(name));
    p.setAttribute('d', String(d));
    svg.append(p);
  }
  return svg;
}
