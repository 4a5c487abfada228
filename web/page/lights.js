// The screen's slow colours, where a session asks for them: the face reflects them. Whoever
// wants none, or less motion, gets none, and loses nothing.

/** @typedef {import('../types/messages').PageMessage} PageMessage */

// One change a second at most, whatever a server asks; milliseconds.
const pause = 1000;

// The light scheme's colours, dark enough for 4.5:1 on the server's palette.
const scheme = {
  'color-scheme': 'light', '--ink': '#14161b', '--soft': '#30343d', '--card': '#fff', '--line': '#6b6e75', '--rest': '#6b6e75',
  '--accent': '#16298f', '--on-accent': '#fff', '--veil': 'rgb(246 245 241 / .84)', '--good': '#07492a', '--fair': '#5a3600', '--weak': '#7d1a14',
};

export class Lights {
  #send;
  #style = document.documentElement.style;
  #last = -pause;
  #off = false;
  #button = document.createElement('button');

  /** @param {(m: PageMessage) => void} send @param {AbortSignal} signal ends the colours */
  constructor(send, signal) {
    this.#send = send;
    this.#button.type = 'button';
    this.#button.className = 'quiet';
    this.#button.textContent = 'No coloured light';
    this.#button.addEventListener('click', () => this.#decline());
    signal.addEventListener('abort', () => this.#clear());
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) this.#decline();
    else document.querySelector('[data-part="tools"]')?.prepend(this.#button);
  }

  /** @param {{index: number, colour: string}} m */
  show({ index, colour }) {
    const wait = this.#last + pause - performance.now();
    if (wait > 0) return void setTimeout(() => this.show({ index, colour }), wait);
    if (this.#off) return;
    this.#last = performance.now();
    for (const [name, value] of Object.entries(scheme)) this.#style.setProperty(name, value);
    this.#style.setProperty('--paper', colour);
    document.body.style.setProperty('transition', 'background-color .5s');
    requestAnimationFrame(() => requestAnimationFrame(() => this.#send({ type: 'light_shown', index })));
  }

  #decline() {
    this.#send({ type: 'lights_declined' });
    this.#clear();
  }

  #clear() {
    this.#off = true;
    this.#button.remove();
    for (const name of [...Object.keys(scheme), '--paper']) this.#style.removeProperty(name);
  }
}
