import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowBrowser, allowCamera, detect, realBrowser } from '../../page/platform.js';
import { refusal } from '../../page/camera.js';

const ios = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';
const android = 'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko)';

for (const [name, ua, browser, system, inApp, step] of /** @type {const} */ ([
  ['Chrome, Windows', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36', 'chrome', 'windows', '', /icon left of the address/],
  ['Edge, Windows', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0', 'edge', 'windows', '', /lock/],
  ['Firefox, Linux', 'Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0', 'firefox', 'other', '', /crossed-out camera/],
  ['Safari, Mac', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15', 'safari', 'mac', '', /Settings for This Website/],
  ['Safari, iPhone', `${ios} Version/18.5 Mobile/15E148 Safari/604.1`, 'safari', 'ios', '', /Website Settings/],
  ['Chrome, iPhone', `${ios} CriOS/150.0 Mobile/15E148 Safari/604.1`, 'chrome', 'ios', '', /Settings app/],
  ['Chrome, Android', `${android} Chrome/156.0.0.0 Mobile Safari/537.36`, 'chrome', 'android', '', /Permissions/],
  ['Firefox, Android', 'Mozilla/5.0 (Android 15; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0', 'firefox', 'android', '', /lock/],
  ['Samsung', `${android} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`, 'samsung', 'android', '', /lock/],
  ['Instagram, iPhone', `${ios} Mobile/15E148 Instagram 380.0`, 'other', 'ios', 'Instagram', /Settings app/],
  ['Facebook, Android', `${android} Version/4.0 Chrome/156.0.0.0 Mobile Safari/537.36; wv) [FB_IAB/FB4A;FBAV/500]`, 'chrome', 'android', 'Facebook', /Permissions/],
  ['a WebView, Android', 'Mozilla/5.0 (Linux; Android 15; Pixel 9; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/156.0.0.0 Mobile Safari/537.36', 'chrome', 'android', 'this app', /Permissions/],
  ['a WebView, iPhone', `${ios} Mobile/15E148`, 'other', 'ios', 'this app', /Settings app/],
])) {
  test(`${name} is known and told where its camera switch is`, () => {
    const p = detect(ua);
    assert.deepEqual(p, { browser, system, inApp });
    assert.match(allowCamera(p).join('\n'), step);
    assert.ok(allowBrowser(p).length > 0 && realBrowser(p));
  });
}

test('an iPad that says it is a Mac is told by its touch screen', () => {
  const ua = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15';
  assert.equal(detect(ua, 5).system, 'ios');
});

test('what getUserMedia throws becomes a code', () => {
  for (const [name, message, code] of /** @type {const} */ ([
    ['NotAllowedError', 'Permission denied', 'camera_denied'], ['NotAllowedError', 'Permission denied by system', 'camera_blocked'],
    ['NotFoundError', '', 'camera_absent'], ['OverconstrainedError', '', 'camera_absent'], ['NotReadableError', '', 'camera_busy'],
    ['AbortError', '', 'camera_busy'], ['TypeError', '', 'unsupported'], ['Whatever', '', 'camera_failed'],
  ])) {
    assert.equal(refusal({ name, message }), code, `${name} ${message}`);
  }
  assert.equal(refusal(undefined), 'camera_failed');
});
