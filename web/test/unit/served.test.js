// What is served: how much it is, and that it runs under `default-src 'self'`.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

const dir = new URL('../../page/', import.meta.url);
const files = readdirSync(dir).map((name) => ({ name, body: readFileSync(new URL(name, dir)) }));
const text = (/** @type {string} */ end) => files.filter((f) => f.name.endsWith(end)).map((f) => ({ name: f.name, text: f.body.toString() }));

/** What a browser fetches for a page: itself and all that it leads to. @param {string} name @param {Set<string>} [seen] */
function loads(name, seen = new Set()) {
  const body = files.find((f) => f.name === name)?.body.toString();
  assert.ok(body !== undefined, `${name} is asked for and not there`);
  if (seen.has(name)) return seen;
  seen.add(name);
  const refs = name.endsWith('.html') ? body.matchAll(/(?:src|href)="([^"]+)"/g) : name.endsWith('.js') ? body.matchAll(/^import [^;]* from '\.\/([^']+)'/gm) : [];
  for (const [, ref = ''] of refs) loads(ref, seen);
  return seen;
}

for (const page of ['index.html', 'kiosk.html']) {
  test(`${page} and all it loads is less than 30 kB over the wire`, (t) => {
    const sizes = [...loads(page)].map((name) => ({ name, gzip: gzipSync(files.find((f) => f.name === name)?.body ?? '', { level: 9 }).length }));
    const sum = sizes.reduce((n, s) => n + s.gzip, 0);
    t.diagnostic(`${sum} bytes: ${sizes.map((s) => `${s.name} ${s.gzip}`).join(', ')}`);
    assert.ok(sum < 30_000, `${sum} bytes of gzip`);
  });
}

// What a session may ask for later.
const later = ['lights.js'];

test('nothing is served that no page loads', () => {
  const used = new Set([...loads('index.html'), ...loads('kiosk.html'), ...later]);
  assert.deepEqual(files.map((f) => f.name).filter((n) => !used.has(n)), []);
});

test('no page has inline scripts, styles or handlers, or asks another host', () => {
  for (const { name, text: html } of text('.html')) {
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)/i, `${name}: inline script`);
    assert.doesNotMatch(html, /<style|\sstyle\s*=/i, `${name}: inline style`);
    assert.doesNotMatch(html, /\son[a-z]+\s*=/i, `${name}: inline handler`);
    assert.doesNotMatch(html, /(src|href)\s*=\s*["'](https?:|\/\/|data:|javascript:)/i, `${name}: another host`);
  }
});

test('no module makes what the policy refuses', () => {
  for (const { name, text: source } of text('.js')) {
    const js = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, ''); // types live in comments
    assert.doesNotMatch(js, /\beval\(|new Function|import\((?!'\.\/lights\.js'\))|setTimeout\(\s*['"`]/, `${name}: code from text`);
    assert.doesNotMatch(js, /setAttribute\(\s*['"]style|style\s*=\s*["'`]|\son[a-z]+="/, `${name}: inline style or handler`);
    assert.doesNotMatch(js, /createObjectURL|['"`]data:/, `${name}: blob: or data:`);
    assert.doesNotMatch(js, /['"`]https?:\/\/(?!www\.w3\.org\/2000\/svg)[a-z]/, `${name}: another host`);
  }
  for (const { name, text: css } of text('.css')) assert.doesNotMatch(css, /@import|url\(/, name);
  for (const { name, text: svg } of text('.svg')) assert.doesNotMatch(svg, /<style|\sstyle=|<script/, name);
});

test('nothing flashes: no animation is quicker than one change in a second', () => {
  const css = files.find((f) => f.name === 'style.css')?.body.toString() ?? '';
  const times = [...css.matchAll(/animation:\s*\w+\s+([0-9.]+)s/g)].map((m) => Number(m[1]));
  assert.ok(times.length > 0);
  for (const s of times) assert.ok(s >= 1, `${s} s`);
  assert.match(css, /prefers-reduced-motion: reduce/);
});

/** @param {string} hex */
function luminance(hex) {
  const full = hex.length === 4 ? hex.replace(/[0-9a-f]/gi, '$&$&') : hex;
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => parseInt(full.slice(i, i + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

test('colours: every pair of text and ground reaches 4.5:1, the ring 3:1, light and dark', () => {
  const css = files.find((f) => f.name === 'style.css')?.body.toString() ?? '';
  const schemes = [...css.matchAll(/:root \{([^}]*--paper[^}]*)\}/g)].map(([, body = '']) => Object.fromEntries([...body.matchAll(/--(\w[\w-]*): (#[0-9a-f]{3,6})\b/g)].map(([, k = '', v = '']) => [k, v])));
  assert.equal(schemes.length, 2);
  for (const colours of schemes) {
    const pairs = /** @type {[string, string, number][]} */ ([
      ...['ink', 'soft', 'good', 'fair', 'weak', 'accent'].flatMap((c) => [[c, 'paper', 4.5], [c, 'card', 4.5]]),
      ['on-accent', 'accent', 4.5], ['accent', 'tint', 3], ['paper', 'ink', 4.5],
    ]);
    for (const [a, b, least] of pairs) {
      const [hi = 0, lo = 0] = [luminance(colours[a] ?? ''), luminance(colours[b] ?? '')].sort((x, y) => y - x);
      const ratio = (hi + 0.05) / (lo + 0.05);
      assert.ok(ratio >= least, `${a} ${colours[a]} on ${b} ${colours[b]}: ${ratio.toFixed(2)}`);
    }
  }
});
