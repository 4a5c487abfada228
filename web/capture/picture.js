// What can be told of a picture without a model: light, detail and movement inside the oval. It is there to
// help a person and to choose the moment; the server judges the photo.

// The oval, in parts of the picture's sides: as style.js draws it.
export const oval = { x: 0.5, y: 0.48, rx: 0.24, ry: 0.4 };

/**
 * @typedef {{light: number, burnt: number, sharp: number, moved: number}} Measures
 * light: luma 0–1 that the brightest twentieth reaches; burnt: share 0–1 of white samples; sharp: fine over coarse detail,
 * 0 to about 1; moved: mean change of luma since the picture before, 0–1
 */

/**
 * The luma of a picture.
 * @param {ArrayLike<number>} rgba @param {number} width @param {number} height
 * @returns {Uint8Array} width×height
 */
export function lumaOf(rgba, width, height) {
  const luma = new Uint8Array(width * height);
  for (let i = 0, at = 0; i < luma.length; i++, at += 4) {
    luma[i] = 0.299 * (rgba[at] ?? 0) + 0.587 * (rgba[at + 1] ?? 0) + 0.114 * (rgba[at + 2] ?? 0) + 0.5;
  }
  return luma;
}

/**
 * Measures the oval of a picture.
 * @param {Uint8Array} luma @param {number} width @param {number} height
 * @param {Uint8Array|null} before the luma of the picture before, if it had the same size
 * @returns {Measures}
 */
export function measure(luma, width, height, before) {
  const histogram = new Uint32Array(256);
  let n = 0;
  let fine = 0;
  let coarse = 0;
  let moved = 0;
  const far = 4; // samples between what coarse compares
  for (let y = far; y < height - far; y++) {
    for (let x = far; x < width - far; x++) {
      const u = (x / width - oval.x) / oval.rx;
      const v = (y / height - oval.y) / oval.ry;
      if (u * u + v * v > 1) continue;
      const at = y * width + x;
      const l = luma[at] ?? 0;
      histogram[l] = (histogram[l] ?? 0) + 1;
      n++;
      fine += Math.abs(2 * l - (luma[at - 1] ?? 0) - (luma[at + 1] ?? 0)) + Math.abs(2 * l - (luma[at - width] ?? 0) - (luma[at + width] ?? 0));
      coarse += Math.abs(2 * l - (luma[at - far] ?? 0) - (luma[at + far] ?? 0)) + Math.abs(2 * l - (luma[at - far * width] ?? 0) - (luma[at + far * width] ?? 0));
      if (before) moved += Math.abs(l - (before[at] ?? 0));
    }
  }
  if (n === 0) return { light: 0, burnt: 0, sharp: 0, moved: 1 };
  let light = 255;
  for (let above = 0; light > 0 && above + (histogram[light] ?? 0) < n / 20; light--) above += histogram[light] ?? 0;
  const burnt = histogram.slice(248).reduce((a, b) => a + b, 0) / n;
  return { light: light / 255, burnt, sharp: coarse > n ? fine / coarse : 0, moved: before ? moved / n / 255 : 1 };
}

// Limits. Those of light are the server's for a face (pipeline/quality). Seven pictures of people give sharp from 0.18 to 0.28; one
// blurred by a Gaussian of 4 pixels of 640 gives 0.15, by 6 0.14. moved is a guess. Both are on the side of taking the
// photo: nobody should wait for a camera that is no better.
const darkest = 0.26;
const mostBurnt = 0.4;
const leastSharp = 0.145;
const mostMoved = 0.035;

/** The local checks that a picture fails. @param {Measures} m @returns {string[]} */
export function faults(m) {
  const found = [];
  if (m.light < darkest) found.push('dark_image');
  if (m.burnt > mostBurnt) found.push('bright_image');
  if (m.moved > mostMoved) found.push('moving');
  else if (m.sharp < leastSharp) found.push('face_blurry'); // movement blurs, too
  return found;
}
