// Draws a Model: the picture with its oval, the one thing to do now above it (near
// the camera, so that the eyes stay up), and the answer. Both pages use it.

import { bands, checks, hintText, kioskProblems, outcomes, problemText, reasonText, returnText, turnText } from './texts.js';

/** @typedef {import('./flow.js').Model} Model */

// A ring segment is a part of an ellipse with pathLength 100 that starts at its right;
// a quarter further on is the top.
const top = 25;
const gap = 1.6;

const html = `
<section class="live" data-screen="live" aria-label="Check" hidden>
  <div class="cue">
    <p class="digit" data-part="digit" aria-hidden="true" hidden></p>
    <div class="words">
      <h1 data-part="cue" tabindex="-1"></h1>
      <p class="sub" data-part="sub"></p>
      <ol class="phrase" data-part="phrase" aria-hidden="true" hidden></ol>
    </div>
    <div class="pace" data-part="pace" aria-hidden="true" hidden><i></i></div>
  </div>
  <div class="picture" data-part="picture">
    <div class="view" data-part="view"></div>
    <div class="oval"><svg viewBox="0 0 300 400" aria-hidden="true" data-part="ring"></svg></div>
    <div class="arrow" data-part="arrow" aria-hidden="true" hidden>
      <svg viewBox="0 0 48 48"><path d="M28 10 14 24l14 14M15 24h24"/></svg>
    </div>
    <p class="veil" data-part="veil" hidden><span class="spin"></span>Reconnecting…</p>
  </div>
  <footer class="foot">
    <p class="count" data-part="count"></p>
    <p class="band" data-part="band" hidden></p>
    <div data-part="tools" class="tools"></div>
  </footer>
</section>
<section class="answer" data-screen="verdict" aria-labelledby="answer-title" hidden>
  <svg class="mark" viewBox="0 0 96 128" aria-hidden="true"><ellipse cx="48" cy="64" rx="44" ry="60"/><path data-part="mark"/></svg>
  <h1 id="answer-title" data-part="title" tabindex="-1"></h1>
  <p class="lead" data-part="lead"></p>
  <div class="why">
    <ul class="card" data-part="reasons"></ul>
    <dl class="card checks" data-part="checks"></dl>
  </div>
  <div class="actions" data-part="verdict-actions"></div>
  <p class="id" data-part="verdict-id"></p>
</section>
<section class="answer" data-screen="error" aria-labelledby="error-title" hidden>
  <svg class="mark" viewBox="0 0 96 128" aria-hidden="true"><ellipse cx="48" cy="64" rx="44" ry="60"/><path d="M48 38v32M48 88v.5"/></svg>
  <h1 id="error-title" data-part="problem" tabindex="-1"></h1>
  <p class="lead" data-part="advice"></p>
  <div class="why"><ol class="card" data-part="steps"></ol></div>
  <div class="actions" data-part="error-actions"></div>
  <p class="id" data-part="error-id"></p>
</section>
<p class="spoken" role="status" aria-live="polite" data-part="polite"></p>
<p class="spoken" aria-live="assertive" data-part="urgent"></p>`;

const marks = { live: 'm28 66 14 14 27-32', spoof: 'M30 64h36', undecided: 'M37 52c0-16 23-16 23 0 0 10-12 9-12 20M48 88v.5' };

export class Stage {
  /** @type {HTMLElement} */ #root;
  /** @type {Readonly<Model>|null} */ #last = null;
  /** @type {(code: string) => string[]} */ #steps;
  #kiosk = false;

  /**
   * @param {HTMLElement} root its children with data-screen are the screens
   * @param {{kiosk?: boolean, steps?: (code: string) => string[]}} [o] steps: how to mend a problem, line by line
   */
  constructor(root, o = {}) {
    this.#root = root;
    this.#kiosk = o.kiosk ?? false;
    this.#steps = o.steps ?? (() => []);
    root.insertAdjacentHTML('beforeend', html);
  }

  /** @param {string} name */
  part(name) {
    const e = this.#root.querySelector(`[data-part="${name}"]`);
    if (!e) throw new Error(`no part ${name}`);
    return /** @type {HTMLElement} */ (e);
  }

  /** @param {Readonly<Model>} m */
  render(m) {
    const before = this.#last;
    this.#last = m;
    for (const s of this.#root.querySelectorAll('[data-screen]')) {
      /** @type {HTMLElement} */ (s).hidden = s.getAttribute('data-screen') !== m.screen;
    }
    document.body.dataset.now = m.screen;
    if (m.screen === 'live') this.#live(m, before);
    else this.#announce('', '');
    if (m.screen === 'verdict' && before?.verdict !== m.verdict) this.#verdict(m);
    if (m.screen === 'error' && before?.problem !== m.problem) this.#problem(m);
    if (before && before.screen !== m.screen) this.#arrive(m);
  }

  /** A new screen begins at its heading, for screen readers and for long pages. @param {Readonly<Model>} m */
  #arrive(m) {
    this.#root.querySelector(`[data-screen="${m.screen}"] h1`)?.closest('h1')?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  /** @param {Readonly<Model>} m @param {Readonly<Model>|null} before */
  #live(m, before) {
    const asked = m.stage === 'challenge' ? m.prompt : null;
    const digit = asked?.kind === 'digit' ? asked : null;
    const [cue, sub] = words(m);
    this.part('cue').textContent = cue;
    this.part('sub').textContent = sub;
    this.part('digit').hidden = this.part('phrase').hidden = this.part('pace').hidden = !digit;
    if (digit) this.part('digit').textContent = digit.digit;
    if (before?.prompt !== m.prompt) this.#prompted(digit);
    this.#arrow(m, asked);
    this.part('picture').dataset.stage = m.stage;
    this.part('picture').toggleAttribute('data-hint', m.stage === 'framing' && m.hint !== null);
    this.part('veil').hidden = m.linked && m.hint?.code !== 'reconnecting';
    this.part('count').textContent = m.stage === 'challenge' && m.steps > 0 ? `Step ${Math.min(m.done + 1, m.steps)} of ${m.steps}` : '';
    paintBand(this.part('band'), m.stage === 'challenge' ? m.band : null);
    this.#ring(m);
    this.#say(m, cue, digit);
  }

  /** @param {import('../types/messages').DigitPrompt|null} digit */
  #prompted(digit) {
    const phrase = this.part('phrase');
    phrase.replaceChildren(...[...(digit?.phrase ?? '')].map((d, i) => {
      const li = document.createElement('li');
      li.textContent = d;
      li.className = i === digit?.position ? 'now' : i < (digit?.position ?? 0) ? 'said' : '';
      return li;
    }));
    const bar = this.part('pace').firstElementChild;
    bar?.getAnimations().forEach((a) => a.cancel());
    if (!digit) return;
    // The time left is information: where motion is not wanted it goes in five steps.
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    bar?.animate([{ transform: 'scaleX(1)' }, { transform: 'scaleX(0)' }], {
      duration: Math.max(digit.time_ms, 1), fill: 'forwards', easing: calm ? 'steps(5)' : 'linear',
    });
  }

  /** @param {Readonly<Model>} m @param {import('../types/messages').Prompt|null} asked */
  #arrow(m, asked) {
    const arrow = this.part('arrow');
    const to = asked?.kind === 'turn' ? asked.direction : m.stage === 'framing' && m.hint?.code === 'off_centre' ? m.hint.direction : null;
    arrow.hidden = !to;
    // The preview is a mirror: the person's left is the screen's left, so nothing is swapped.
    if (to) arrow.dataset.to = to;
    arrow.toggleAttribute('data-back', asked !== null && m.phase === 'return');
  }

  /** One segment a step: what is over, what runs, what comes. @param {Readonly<Model>} m */
  #ring(m) {
    const ring = this.part('ring');
    const n = Math.max(m.steps, 1);
    if (ring.childElementCount !== n * 2) {
      ring.replaceChildren(...Array.from({ length: n * 2 }, () => {
        const e = document.createElementNS('http://www.w3.org/2000/svg', 'ellipse');
        for (const [k, v] of Object.entries({ cx: 150, cy: 200, rx: 146, ry: 196, pathLength: 100 })) e.setAttribute(k, String(v));
        return e;
      }));
    }
    const whole = n === 1 ? 100 : 100 / n - gap;
    [...ring.children].forEach((e, i) => {
      const step = i >> 1;
      const full = i % 2 === 0 ? 1 : step < m.done ? 1 : step === m.done && m.prompt ? m.fraction : 0;
      e.setAttribute('class', i % 2 === 0 ? (step === m.done && m.prompt ? 'seg now' : 'seg') : 'seg fill');
      e.setAttribute('stroke-dasharray', `${whole * full} ${100 - whole * full}`);
      e.setAttribute('stroke-dashoffset', String(top - (100 / n) * step - gap / 2));
    });
  }

  /** What a screen reader says: prompts at once, everything else in its turn. @param {Readonly<Model>} m @param {string} cue @param {import('../types/messages').DigitPrompt|null} digit */
  #say(m, cue, digit) {
    const urgent = m.stage === 'challenge' && m.prompt !== null;
    const more = m.prompt?.again && m.phase === 'go' && !digit?.position ? 'Once more. ' : '';
    if (urgent) this.#announce(more + (digit ? `Say ${digit.digit}` : cue), '');
    else this.#announce('', m.linked ? cue : 'Reconnecting');
  }

  /** @param {string} urgent @param {string} polite */
  #announce(urgent, polite) {
    set(this.part('urgent'), urgent);
    set(this.part('polite'), polite);
  }

  /** @param {Readonly<Model>} m */
  #verdict(m) {
    const v = m.verdict;
    if (!v) return;
    const { title, text } = outcomes[v.outcome];
    this.#root.querySelector('[data-screen="verdict"]')?.setAttribute('data-outcome', v.outcome);
    this.part('mark').setAttribute('d', marks[v.outcome]);
    this.part('title').textContent = title;
    this.part('lead').textContent = this.#kiosk && v.outcome === 'live' ? 'We saw a live person in front of the camera. Thank you.' : text;
    fill(this.part('reasons'), v.outcome === 'live' ? [] : v.reasons ?? [], (code) => item('li', reasonText(code)));
    fill(this.part('checks'), v.checks ?? [], (c) => {
      const row = document.createElement('div');
      const value = item('dd', '');
      paintBand(value, c.checked ? c.band || null : null, 'Not checked');
      row.append(item('dt', checks[c.name] ?? c.name), value);
      return row;
    });
    this.part('verdict-id').textContent = m.session && !this.#kiosk ? `Check ${m.session}` : '';
  }

  /** @param {Readonly<Model>} m */
  #problem(m) {
    const p = (this.#kiosk && kioskProblems[m.problem]) || problemText(m.problem);
    this.part('problem').textContent = p.title;
    this.part('advice').textContent = p.text;
    fill(this.part('steps'), this.#steps(m.problem), (line) => item('li', line));
    this.part('error-id').textContent = `Code ${m.problem}${m.session ? ` · check ${m.session}` : ''}`;
    this.part('error-actions').hidden = !p.retry;
  }
}

/** The instruction and the line under it. @param {Readonly<Model>} m @returns {[string, string]} */
function words(m) {
  switch (m.stage) {
    case 'camera': return ['Allow the camera', 'Your browser asks you now. Only the picture is used, no sound.'];
    case 'connecting': return ['Connecting…', 'This takes a moment.'];
    case 'framing':
      return m.hint ? [hintText(m.hint.code, m.hint.direction), 'Your face goes into the oval.'] : ['Good. Stay like this', 'It begins in a moment.'];
    case 'challenge': return asking(m);
    case 'deciding': return ['Thank you', 'You can relax. The answer comes in a moment.'];
    default:
      /** @satisfies {never} */ (m.stage);
      return ['', ''];
  }
}

/** @param {Readonly<Model>} m @returns {[string, string]} */
function asking(m) {
  const hint = m.hint ? hintText(m.hint.code, m.hint.direction) : '';
  if (!m.prompt) return ['Get ready', hint];
  const more = m.prompt.again && 'Once more, please: we could not tell.';
  if (m.prompt.kind === 'digit') return ['Say this digit', hint || more || 'Aloud or just with your lips.'];
  if (m.phase === 'return') return [returnText, hint || 'Look straight at the camera again.'];
  return [turnText(m.prompt.direction), hint || more || 'Slowly, as far as is comfortable.'];
}

/** Colour, word and shape: never colour alone. @param {HTMLElement} e @param {import('../types/messages').Band|null} band @param {string} [none] */
function paintBand(e, band, none = '') {
  e.hidden = !band && !none;
  e.textContent = band ? bands[band] : none;
  e.dataset.band = band ?? 'none';
}

/** @param {HTMLElement} e @param {string} text Setting the same text again would be read out again. */
function set(e, text) {
  if (e.textContent !== text) e.textContent = text;
}

/** @template T @param {HTMLElement} list @param {T[]} values @param {(value: T) => HTMLElement} make */
function fill(list, values, make) {
  list.replaceChildren(...values.map(make));
  list.hidden = values.length === 0;
}

/** @param {string} tag @param {string} text */
function item(tag, text) {
  const e = document.createElement(tag);
  e.textContent = text;
  return e;
}
