// protocol.md is the source: a code without a sentence fails here.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { bands, hintText, hints, kioskProblems, outcomes, problemText, problems, reasonText, reasons, turnText } from '../../page/texts.js';

const protocol = readFileSync(new URL('../../../signaling/protocol.md', import.meta.url), 'utf8');

/** The rows of the table in a section, cells trimmed. @param {string} heading */
function table(heading) {
  const section = protocol.split(/^## /m).find((s) => s.startsWith(heading)) ?? '';
  const rows = section.split('\n').filter((l) => l.startsWith('| `')).map((l) => l.split('|').slice(1, -1).map((c) => c.trim()));
  assert.ok(rows.length > 5, `no table under ${heading}`);
  return rows.map(([code = '', ...rest]) => ({ code: code.replaceAll('`', ''), rest }));
}

test('every hint of the protocol has its sentence, word for word', () => {
  for (const { code, rest } of table('4. Hints')) {
    const want = rest.at(-1);
    if (code === 'off_centre') {
      assert.equal(hintText(code, 'left'), want?.split(' / ')[0]);
      assert.equal(hintText(code, 'up'), 'Move up');
    } else if (code === 'light_uneven') {
      assert.equal(hintText(code, 'left'), want);
      assert.equal(hintText(code, 'right'), want?.replace('left', 'right'));
    } else {
      assert.equal(hintText(code), want, code);
    }
  }
});

test('the page has no hint, reason or error that the protocol does not', () => {
  assert.deepEqual(Object.keys(hints).sort(), table('4. Hints').map((r) => r.code).sort()); // the order is the server's
  const known = table('5. Reasons').map((r) => r.code);
  assert.deepEqual(Object.keys(reasons).filter((c) => !known.includes(c)), []);
});

test('every reason has a plain sentence of its own', () => {
  for (const { code } of table('5. Reasons')) {
    const text = reasonText(code.replace('NAME', 'depth'));
    assert.notEqual(text, reasonText('no.such'), code);
    assert.match(text, /\.$/, code);
    assert.doesNotMatch(text, /fraud|fake|attack|spoof|liveness/i, `${code} must not accuse, or speak our jargon`);
  }
});

test('every error code has a title and what to do next', () => {
  for (const { code } of table('6. Error codes')) {
    assert.ok(problems[code], `no text for ${code}`);
    assert.notDeepEqual(problemText(code), problemText('no_such_code'), code);
    assert.ok(problemText(code).text.length > 10, code);
  }
  for (const code of Object.keys(kioskProblems)) assert.ok(problems[code], code);
});

test('a code of a newer server is answered with something', () => {
  assert.ok(hintText('from_the_future'));
  assert.ok(reasonText('from.the_future'));
  assert.ok(problemText('from_the_future').title);
});

test('turns, bands and outcomes are complete', () => {
  for (const d of /** @type {const} */ (['left', 'right', 'up', 'down'])) assert.ok(turnText(d));
  assert.equal(turnText('left'), 'Turn your head to your left');
  assert.deepEqual(Object.keys(bands), ['weak', 'fair', 'good']);
  assert.deepEqual(Object.keys(outcomes), ['live', 'spoof', 'undecided']);
});
