// Every sentence the page says, by the codes of signaling/protocol.md. A test reads
// the tables of that file and fails when a code has no sentence here.

/** @typedef {import('../types/messages').Direction} Direction */
/** @typedef {import('../types/messages').Band} Band */
/** @typedef {import('../types/messages').Outcome} Outcome */
/** @typedef {{title: string, text: string, retry: boolean}} Problem */

/** @type {Record<Direction, string>} */
const towards = { left: 'to your left', right: 'to your right', up: 'up', down: 'down' };

/** @type {Record<string, string>} */
export const hints = {
  no_face: 'Move your face into the picture',
  several_faces: 'Only one person, please',
  too_dark: 'It is too dark: turn on a light or face a window',
  too_bright: 'It is too bright: move away from the direct light',
  back_lit: 'The light is behind you: turn around',
  too_far: 'Come closer',
  too_near: 'Move back a little',
  cropped: 'Your whole face must be in the picture',
  off_centre: 'Move to the middle',
  turn_to_camera: 'Look straight at the camera',
  tilted: 'Hold your head upright',
  eyes_hidden: 'Your eyes must be visible: take off dark glasses',
  mouth_hidden: 'Your mouth must be visible',
  light_uneven: 'The light comes from one side: turn towards it',
  blurred: 'The picture is blurred: hold still, or clean the lens',
  moving: 'Hold still',
  low_resolution: 'The picture is coarse: a better connection or camera helps',
  low_frame_rate: 'The picture comes slowly: close other programs, add light',
  reconnecting: 'The connection dropped: one moment',
};

/** What to fix now. @param {string} code @param {Direction|''|null} [direction] */
export function hintText(code, direction) {
  if (code === 'off_centre' && direction) return `Move ${towards[direction]}`;
  if (code === 'light_uneven' && direction) return `The light comes from ${towards[direction].replace('to ', '')}: turn towards it`;
  // A newer server may know more hints than this page.
  return hints[code] ?? 'Look straight at the camera and hold still';
}

/** @param {Direction} direction */
export const turnText = (direction) => ({
  left: 'Turn your head to your left', right: 'Turn your head to your right', up: 'Lift your chin up', down: 'Lower your chin',
}[direction]);

export const returnText = 'Back to the centre';

/** @type {Record<string, string>} */
export const reasons = {
  'motion.no_turn': 'We did not see your head turn when it was asked to.',
  'motion.wrong_way': 'Your head turned another way first.',
  'motion.too_small': 'The turn was too small: next time turn a little further.',
  'motion.too_early': 'The movement began before the arrow could be seen.',
  'motion.too_late': 'The turn came too late: follow the arrow as soon as it shows.',
  'motion.not_smooth': 'The movement was not smooth: turn slowly, and keep the camera still.',
  'motion.no_return': 'Your head did not come back to the centre.',
  'motion.not_checked': 'Your head could not be followed well enough.',
  'depth.flat': 'The picture moved as a flat one does: keep the camera still and turn only your head.',
  'depth.not_checked': 'No turn was large enough to tell: next time turn a little further.',
  'parallax.carried': 'The background moved with your face: keep the camera still and turn only your head.',
  'parallax.not_checked': 'The background told nothing.',
  'continuity.swapped': 'The face seemed to change: stay alone in the picture.',
  'continuity.jump': 'The picture jumped: hold the camera still.',
  'continuity.left': 'Your face left the picture for a while.',
  'continuity.not_checked': 'Your face was not seen long enough.',
  'eyes.still': 'Nothing in your face moved by itself: speak, and look as you always do.',
  'eyes.no_blink': 'You did not blink: look as you always do.',
  'eyes.blink_shape': 'Your eyes blinked oddly: add light.',
  'eyes.not_checked': 'Your eyes were not seen long enough.',
  'jaw.still': 'Your chin did not move with your mouth: open your mouth well.',
  'jaw.not_checked': 'Your mouth was not seen moving long enough.',
  'seam.face': 'The picture looked edited: turn off filters and virtual backgrounds.',
  'seam.mouth': 'The picture looked edited: turn off filters and virtual backgrounds.',
  'seam.not_checked': 'Your face was not seen still long enough.',
  'lights.no_reflection': 'No light of the screen was seen on your face.',
  'lights.declined': 'There was no coloured light.',
  'lights.not_checked': 'There was too little coloured light.',
  'mouth.still': 'Your mouth did not move with the digits: say them clearly, aloud or silently.',
  'rest.moved': 'Your mouth moved between the digits: rest it until the next one shows.',
  'mouth.not_checked': 'Your mouth could not be seen well enough.',
  'rest.not_checked': 'Your mouth could not be seen well enough between the digits.',
  'lips.wrong_digit': 'We read another digit on your lips than the one that was shown: say each one while it is lit, 0 as “zero”, and face the camera.',
  'lips.unreadable': 'We could not read every digit on your lips: say each one clearly while it is lit, with light on your face.',
  'lips.not_checked': 'Your lips could not be followed: keep your whole mouth in view and well lit while you speak.',
  'sound.shifted': 'The sound did not come together with your mouth: close other programs that use the microphone.',
  'sound.still_face': 'We heard speech while your mouth was still: find a quieter place.',
  'sound.elsewhere': 'We heard somebody else speak: find a quieter place. Silent lips are fine.',
  'sound.unclear': 'The sound fitted your lips only in part.',
  'sound.not_checked': 'No speech was compared with your mouth.',
  'texture.screen': 'The picture looked like one of a screen: wipe the lens, and avoid reflections and coloured light.',
  'texture.print': 'The picture looked like one of a print: use soft, even light, and stay clear of frames behind you.',
  'texture.paste': 'The picture looked edited: turn off filters and virtual backgrounds.',
  'texture.mask': 'The face looked like a mask: use soft, even light, and leave your face uncovered.',
  'texture.border': 'There was a frame around your face: sit where no window, picture or screen surrounds you.',
  'texture.not_checked': 'The picture itself was not checked.',
  'injection.loop': 'The same pictures came again: use your camera itself, with no program in between.',
  'injection.mirrored': 'The same pictures came again: use your camera itself, with no program in between.',
  'injection.frozen': 'The picture stood still: close other programs that use the camera.',
  'injection.replayed': 'These pictures were shown before: use your camera itself, with no program in between.',
  'injection.cut': 'The picture jumped: close other programs that use the camera.',
  'injection.too_regular': 'The pictures did not come as a camera’s do: use your camera itself, with no program in between.',
  'injection.repeated_frames': 'The pictures did not come as a camera’s do: use your camera itself, with no program in between.',
  'injection.not_browser': 'The pictures did not come as a browser sends them: use an up-to-date browser.',
  'injection.no_noise': 'The picture was unusually clean: turn off filters and effects.',
  'injection.too_early': 'The answers began too soon: wait for each instruction.',
  'injection.same_delay': 'The answers all took the same time.',
  'injection.delayed': 'Every answer came late: close other programs, or use a better connection.',
  'injection.virtual_camera': 'A virtual camera is in use: choose your camera itself.',
  'injection.other_track': 'The pictures were not those of your camera: use it with no program in between.',
  'injection.too_smooth': 'The pictures did not come as a camera’s do: use your camera itself, with no program in between.',
  'injection.not_painted': 'The instructions were not shown as this page shows them: use an up-to-date browser.',
  'injection.not_checked': 'The camera’s signal was not checked.',
  'texture_external.not_checked': 'A second look at the picture saw too little.',
  'face.lost': 'Your face left the picture.',
  'face.several': 'There was more than one face in the picture.',
  'session.no_face': 'No face could be seen well enough in the time given.',
  'session.no_media': 'No picture came from the camera, or it stopped.',
  'session.cancelled': 'The check was cancelled.',
  'session.disconnected': 'The connection to this page dropped.',
  'session.refused': 'This page and the server do not match: reload the page.',
  'session.expired': 'The time for this check ran out.',
  'session.failed': 'Something went wrong on our side. It was not your fault.',
};


/** @type {Record<Outcome, {title: string, text: string}>} */
export const outcomes = {
  live: { title: 'You are confirmed', text: 'We saw a live person in front of the camera. You can close this page.' },
  spoof: { title: 'We could not confirm a live person', text: 'This can happen to anyone: light, a moving camera or a missed prompt is enough. Here is what we saw.' },
  undecided: { title: 'We could not tell this time', text: 'There was too little to go by. Nothing is held against you.' },
};

/** What a verdict rests on, by the name of the score. @type {Record<string, string>} */
export const checks = { motion: 'Head movement', depth: 'Depth', parallax: 'Background', continuity: 'Same face', eyes: 'Eyes', jaw: 'Jaw', seam: 'No editing', lights: 'Screen light', mouth: 'Mouth movement', rest: 'Mouth at rest', lips: 'Spoken digits', sound: 'Sound', texture: 'No screen or photo', injection: 'Camera signal' };

/** Why a session is not live. @param {string} code */
export function reasonText(code) {
  const [stage = '', what] = code.split('.');
  if (what === 'low') return `${checks[stage] ?? 'One check'}: not clear enough.`;
  return reasons[code] ?? 'Something could not be checked.';
}

/** @type {Record<Band, string>} */
export const bands = { weak: 'Weak', fair: 'Fair', good: 'Good' };

const again = 'Please try again.';
/** @param {string} title @param {string} text @param {boolean} [retry] @returns {Problem} */
const problem = (title, text, retry = true) => ({ title, text, retry });

/** Codes of protocol.md §6, then those that only the page can know. @type {Record<string, Problem>} */
export const problems = {
  bad_request: problem('The request was not understood', 'This page may be older than the server. Reload it.'),
  unauthorized: problem('This link is not valid any more', 'Go back to where you came from and start again there.'),
  forbidden: problem('This page may not start a check here', 'Open it at its own address, on the machine that it is for.'),
  not_found: problem('This check has ended', `It was finished, or its time ran out. ${again}`),
  method_not_allowed: problem('The request was not understood', 'This page may be older than the server. Reload it.'),
  too_large: problem('Your browser sent too much', 'Reload the page, or try another browser.'),
  busy: problem('This check is open elsewhere', 'Close the other window, then try again here.'),
  full: problem('Many people are being checked now', 'Wait half a minute, then try again.'),
  draining: problem('The server is about to restart', 'Wait a minute, then try again.'),
  unknown_type: problem('This page and the server do not match', 'Reload the page.'),
  unsupported_version: problem('This page and the server do not match', 'Reload the page.'),
  malformed: problem('This page and the server do not match', 'Reload the page.'),
  out_of_order: problem('The check lost its order', again),
  too_many: problem('Too many tries', 'Wait a minute, then try again.'),
  conflict: problem('This check was begun already', 'Reload the page.'),
  locked_out: problem('Too many tries', 'Wait three minutes, then try again.'),
  unavailable: problem('The server cannot start a check now', 'Wait a minute, then try again.'),
  too_slow: problem('This device could not keep up', 'Close other tabs and programs, then try again.'),
  bad_sdp: problem('Your browser’s video could not be read', 'Update the browser, or try another one.'),
  timeout: problem('Nothing could be seen in time', `Check that the camera shows a picture. ${again}`),
  media_failed: problem('The video connection failed', 'Another network often helps: leave the VPN, or change between Wi-Fi and mobile data.'),
  internal: problem('Something went wrong on our side', `It was not your fault. ${again}`),

  camera_denied: problem('The camera is not allowed', 'The check needs to see you. Allow the camera for this site:'),
  camera_blocked: problem('The browser may not use the camera', 'The device keeps the camera from this browser:'),
  camera_embedded: problem('The camera is switched off for this page', 'The site that shows this check must allow the camera in its frame. Open the check in its own tab.'),
  camera_absent: problem('No camera was found', 'Connect a camera, or open this page on a phone.'),
  camera_busy: problem('The camera is in use', 'Close other programs and tabs that use the camera, then try again.'),
  camera_unplugged: problem('The camera stopped', 'Connect it again, or choose another one, then try again.'),
  camera_failed: problem('The camera could not be started', 'Unplug it and connect it again, or restart the browser.'),
  insecure: problem('This address is not secure', 'Browsers give the camera only to addresses that begin with https://. Open this page that way.', false),
  unsupported: problem('This browser cannot send video', 'Use a current version of Chrome, Edge, Firefox or Safari.', false),
  in_app: problem('Open this page in your browser', 'The browser inside this app often cannot use the camera.', false),
  unreachable: problem('The server cannot be reached', 'Check your connection, then try again.'),
  connection_lost: problem('The connection was lost', `It did not come back in time. ${again}`),
};

/** @param {string} code */
export const problemText = (code) => problems[code] ?? problem('Something went wrong', again);

/** What a kiosk says instead: nobody there can mend a camera. @type {Record<string, Problem>} */
export const kioskProblems = {
  camera_absent: problem('The camera is not connected', 'Please tell the staff. The check goes on by itself when it is back.'),
  camera_busy: problem('The camera is in use by another program', 'Please tell the staff. The check goes on by itself when it is free.'),
  camera_unplugged: problem('The camera was unplugged', 'Please tell the staff. The check goes on by itself when it is back.'),
};
