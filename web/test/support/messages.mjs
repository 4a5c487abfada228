// What a page may say, for tests and fake servers.

import { candidate, number, one, opt, parse, record, text, whole } from '../../page/messages.js';

/** @type {{[type: string]: import('../../page/messages.js').Fields}} */
const fromPage = {
  hello: { token: text, client: opt(record({ name: text, version: text })) },
  offer: { sdp: text },
  restart: { sdp: text },
  candidate,
  prompt_shown: { index: whole },
  light_shown: { index: whole },
  lights_declined: {},
  device: { label: opt(text), width: opt(number), height: opt(number), frame_rate: opt(number), facing_mode: opt(text) },
  bye: { reason: opt(one('cancelled', 'camera_lost', 'navigated')) },
};

/** Reads a message of a page; throws MessageError. @param {string} json @returns {import('../../types/messages').PageMessage} */
export const parsePage = (json) => parse(json, fromPage);
