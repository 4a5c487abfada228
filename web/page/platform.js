// Which browser this is, only to say where its camera switch is. Nothing else may
// depend on it. Free of the DOM: tests hand in user agents.

/** @typedef {'chrome'|'edge'|'firefox'|'safari'|'samsung'|'other'} Browser */
/** @typedef {'ios'|'android'|'mac'|'windows'|'other'} System */
/** @typedef {{browser: Browser, system: System, inApp: string}} Platform inApp: the app's name when its built-in browser shows the page, else '' */

// Apps whose built-in browsers often give no camera, by the mark they leave.
/** @type {[RegExp, string][]} */
const apps = [
  [/Instagram/, 'Instagram'], [/FBAN|FBAV|FB_IAB/, 'Facebook'], [/WhatsApp/, 'WhatsApp'], [/\bLine\//, 'LINE'],
  [/MicroMessenger/, 'WeChat'], [/TikTok|musical_ly|BytedanceWebview/i, 'TikTok'], [/Snapchat/, 'Snapchat'],
  [/Twitter/, 'X'], [/LinkedInApp/, 'LinkedIn'], [/Pinterest/, 'Pinterest'], [/\bGSA\//, 'Google'], [/Telegram/, 'Telegram'],
];

/** @param {string} ua @param {number} [touchPoints] navigator.maxTouchPoints: an iPad says it is a Mac @returns {Platform} */
export function detect(ua, touchPoints = 0) {
  const system = /iPhone|iPad|iPod/.test(ua) || (/Macintosh/.test(ua) && touchPoints > 1) ? 'ios'
    : /Android/.test(ua) ? 'android' : /Macintosh/.test(ua) ? 'mac' : /Windows/.test(ua) ? 'windows' : 'other';
  const browser = /Edg(e|A|iOS)?\//.test(ua) ? 'edge' : /Firefox|FxiOS/.test(ua) ? 'firefox'
    : /SamsungBrowser/.test(ua) ? 'samsung' : /Chrom(e|ium)|CriOS/.test(ua) ? 'chrome' : /Safari\//.test(ua) ? 'safari' : 'other';
  const named = apps.find(([mark]) => mark.test(ua))?.[1] ?? '';
  // "; wv" marks an Android WebView; an iOS one leaves out "Safari/".
  const nameless = (system === 'android' && /; wv\)/.test(ua)) || (system === 'ios' && !/Safari\//.test(ua));
  return { browser, system, inApp: named || (nameless ? 'this app' : '') };
}

/** Where the browser to open instead of an app's is. @param {Platform} p */
export const realBrowser = (p) => (p.system === 'ios' ? 'Safari' : p.system === 'android' ? 'Chrome' : 'your browser');

/** How to allow the camera after it was refused, one step a line. @param {Platform} p @returns {string[]} */
export function allowCamera(p) {
  if (p.system === 'ios') {
    if (p.browser === 'safari') {
      return ['Tap the page menu (“aA” or the small page) in the address bar.', 'Choose Website Settings, then Camera: Allow.'];
    }
    return ['Open the Settings app of this device and choose this browser.', 'Switch Camera on, then come back.'];
  }
  if (p.system === 'android') {
    const icon = p.browser === 'firefox' ? 'the lock' : p.browser === 'samsung' ? 'the lock' : 'the icon left of the address';
    return [`Tap ${icon}, then Permissions.`, 'Set Camera to Allow.', 'Still refused? Allow the camera for this browser in the settings of the device.'];
  }
  switch (p.browser) {
    case 'edge': return ['Click the lock left of the address.', 'Under “Permissions for this site”, set Camera to Allow.'];
    case 'firefox': return ['Click the crossed-out camera left of the address.', 'Remove “Blocked”.'];
    case 'safari': return ['In the menu bar choose Safari, then “Settings for This Website…”.', 'Set Camera to Allow.'];
    case 'chrome': return ['Click the icon left of the address.', 'Switch Camera on.'];
    default: return ['Open the site settings, next to the address.', 'Allow the camera.'];
  }
}

/** How to let the browser itself use the camera. @param {Platform} p @returns {string[]} */
export function allowBrowser(p) {
  switch (p.system) {
    case 'mac': return ['Open System Settings, Privacy & Security, Camera.', 'Switch this browser on, then restart it.'];
    case 'windows': return ['Open Settings, Privacy & security, Camera.', 'Allow the camera for desktop apps.'];
    default: return ['Open the settings of the device.', 'Allow the camera for this browser.'];
  }
}
