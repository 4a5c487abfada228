// One attempt: a WebSocket that carries the messages of signaling/protocol.md and,
// unless the server holds the camera, a peer connection that carries the picture.

import { MessageError, encode, parseServer } from './messages.js';
import { PageError, describe } from './camera.js';

/** @typedef {import('./flow.js').Event} Event */
/** @typedef {import('../types/messages').ServerMessage} ServerMessage */
/** @typedef {{id: string, token: string, url: string}} Ticket what POST /v1/sessions gives */

// How long a new socket or a new path may stay silent before it counts as dead,
// and how long a broken path may take to mend itself; milliseconds.
const patience = 10_000;
const grace = 2_000;

/** What a close says when no `error` came before it. @type {Record<number, string>} */
const closes = {
  1001: 'draining', 1009: 'too_large', 1011: 'internal', 1013: 'full', 4400: 'malformed', 4401: 'unauthorized', 4404: 'not_found',
  4408: 'timeout', 4409: 'busy', 4410: 'media_failed', 4411: 'too_slow', 4429: 'too_many',
};

/** Asks the server for a session. Throws PageError. @param {AbortSignal} signal @returns {Promise<Ticket>} */
export async function createSession(signal) {
  const response = await fetch('/v1/sessions', { method: 'POST', signal }).catch((e) => {
    throw new PageError('unreachable', e);
  });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new PageError(typeof body.code === 'string' ? body.code : 'internal');
  return body;
}

export class Session {
  /** @type {Ticket} */ #ticket;
  /** @type {MediaStreamTrack|null} */ #track;
  /** @type {MediaStreamTrack|null} */ #voice;
  /** @type {(event: Event) => void} */ #report;
  #end = new AbortController(); // everything that is listened to ends with it
  /** @type {WebSocket} */ #socket;
  /** @type {RTCPeerConnection|null} */ #peer = null;
  /** @type {RTCRtpSender|null} */ #sender = null;
  /** @type {RTCIceCandidateInit[]} candidates that came before the answer */ #early = [];
  /** Steps of the negotiation, one after the other. */ #media = Promise.resolve();
  /** @type {Promise<import('./lights.js').Lights>|null} */ #lights = null;
  #over = false; // a verdict or a fatal error came: the close that follows is no news
  #silence = 0; // timer: nothing came of what was asked
  #broken = 0; // timer: the path does not mend itself

  /**
   * @param {Ticket} ticket
   * @param {MediaStreamTrack|null} track null when the server holds the camera
   * @param {(event: Event) => void} report hears every message and what happens to the connection
   * @param {AbortSignal} signal ends the session
   * @param {MediaStreamTrack|null} [voice] the microphone, sent where the server listens
   */
  constructor(ticket, track, report, signal, voice = null) {
    this.#ticket = ticket;
    this.#track = track;
    this.#voice = voice;
    this.#report = report;
    const until = { signal: this.#end.signal };
    signal.addEventListener('abort', () => this.#leave('cancelled'), until);
    addEventListener('pagehide', () => this.#leave('navigated'), until);
    const url = new URL(ticket.url, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    // The listeners are on before the socket can open: nothing that the server says early is lost.
    this.#socket = new WebSocket(url);
    this.#socket.addEventListener('open', () => this.#greet(), until);
    this.#socket.addEventListener('message', (e) => this.#hear(String(e.data)), until);
    this.#socket.addEventListener('close', (e) => this.#closed(e.code), until);
    this.#silence = setTimeout(() => this.#fail('unreachable'), patience);
  }

  /** Sends another camera's picture from now on. @param {MediaStreamTrack} track */
  async replaceTrack(track) {
    this.#track = track;
    await this.#sender?.replaceTrack(track);
    this.#send(describe(track));
  }

  /** Says that a prompt is on the screen: after the frame that painted it was shown. @param {number} index */
  shown(index) {
    requestAnimationFrame(() => requestAnimationFrame(() => this.#send({ type: 'prompt_shown', index })));
  }

  /** The camera stopped and will not come back in this session. */
  cameraLost() {
    this.#leave('camera_lost');
  }

  #greet() {
    this.#send({ type: 'hello', token: this.#ticket.token, client: { name: 'vivavoce-page', version: '1' } });
  }

  /** @param {import('../types/messages').PageMessage} m */
  #send(m) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encode(m));
  }

  /** @param {string} json */
  #hear(json) {
    let m;
    try {
      m = parseServer(json);
    } catch (e) {
      const code = e instanceof MessageError ? e.code : 'internal';
      if (code === 'unknown_type') return; // a newer server may say more
      console.error('message of the server:', e);
      return this.#fail(code);
    }
    this.#handle(m);
    this.#report(m);
  }

  /** What a message means for the connection; what it means for the person is flow.js's. @param {ServerMessage} m */
  #handle(m) {
    switch (m.type) {
      case 'welcome':
        clearTimeout(this.#silence);
        if (!m.microphone) this.#voice = null;
        // Few servers ask for coloured light: the module comes when one does.
        if (m.lights) this.#lights = import('./lights.js').then((l) => new l.Lights((a) => this.#send(a), this.#end.signal));
        if (m.media === 'webrtc') this.#then(() => this.#offer(m.ice_servers ?? []));
        return;
      case 'answer':
        return this.#then(() => this.#answered(m.sdp));
      case 'candidate':
        return this.#then(() => this.#candidate(m));
      case 'verdict':
        this.#over = true;
        this.#peer?.close(); // nothing more needs to be seen
        return;
      case 'error':
        this.#over ||= m.fatal === true;
        return;
      case 'light':
        void this.#lights?.then((l) => l.show(m));
        return;
      case 'state':
      case 'hint':
      case 'prompt':
      case 'progress':
      case 'score':
        return;
      default:
        /** @satisfies {never} */ (m);
    }
  }

  /** Does one step of the negotiation after those before it. @param {() => Promise<void>} step */
  #then(step) {
    this.#media = this.#media.then(step).catch((e) => {
      if (this.#over) return;
      console.error('peer connection:', e);
      this.#fail('media_failed');
    });
  }

  /** @param {import('../types/messages').IceServer[]} iceServers */
  async #offer(iceServers) {
    if (!this.#track || this.#over) return;
    const peer = new RTCPeerConnection({ iceServers, bundlePolicy: 'max-bundle' });
    this.#peer = peer;
    const until = { signal: this.#end.signal };
    peer.addEventListener('icecandidate', ({ candidate: c }) => this.#send({
      type: 'candidate', candidate: c?.candidate ?? '', sdp_mid: c?.sdpMid, sdp_mline_index: c?.sdpMLineIndex,
    }), until);
    peer.addEventListener('connectionstatechange', () => this.#watch(peer), until);
    const transceiver = peer.addTransceiver(this.#track, { direction: 'sendonly' });
    this.#sender = transceiver.sender;
    preferVP8(transceiver);
    if (this.#voice) peer.addTransceiver(this.#voice, { direction: 'sendonly' });
    await peer.setLocalDescription();
    this.#send({ type: 'offer', sdp: peer.localDescription?.sdp ?? '' });
    this.#send(describe(this.#track));
    await keepResolution(transceiver.sender);
  }

  /** @param {string} sdp */
  async #answered(sdp) {
    await this.#peer?.setRemoteDescription({ type: 'answer', sdp });
    for (const c of this.#early.splice(0)) await this.#peer?.addIceCandidate(c);
  }

  /** @param {import('../types/messages').Candidate} m */
  async #candidate(m) {
    const c = { candidate: m.candidate, sdpMid: m.sdp_mid ?? null, sdpMLineIndex: m.sdp_mline_index ?? 0 };
    if (this.#peer?.remoteDescription) await this.#peer.addIceCandidate(c);
    else this.#early.push(c);
  }

  /** @param {RTCPeerConnection} peer */
  #watch(peer) {
    clearTimeout(this.#broken);
    switch (peer.connectionState) {
      case 'connected':
        clearTimeout(this.#silence);
        this.#report({ type: 'link', up: true });
        return;
      case 'failed':
        this.#report({ type: 'link', up: false });
        return this.#then(() => this.#restart(peer));
      case 'disconnected': // often mends itself: a restart at once would only add to the trouble
        this.#report({ type: 'link', up: false });
        this.#broken = setTimeout(() => this.#then(() => this.#restart(peer)), grace);
    }
  }

  /** Looks for a new path for the same picture, after the network changed. @param {RTCPeerConnection} peer */
  async #restart(peer) {
    if (peer.connectionState === 'connected' || peer.signalingState !== 'stable') return;
    await peer.setLocalDescription(await peer.createOffer({ iceRestart: true }));
    this.#send({ type: 'restart', sdp: peer.localDescription?.sdp ?? '' });
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#fail('connection_lost'), patience);
  }

  /** @param {number} code */
  #closed(code) {
    this.#fail(closes[code] ?? (code === 1006 && !this.#peer ? 'unreachable' : 'connection_lost'));
  }

  /** @param {string} code */
  #fail(code) {
    const news = !this.#over;
    this.#stop();
    if (news) this.#report({ type: 'failed', code });
  }

  /** @param {NonNullable<import('../types/messages').Bye['reason']>} reason */
  #leave(reason) {
    if (!this.#over) this.#send({ type: 'bye', reason });
    this.#stop();
  }

  /** Ends everything that this session started; the camera is not its own. */
  #stop() {
    this.#over = true;
    clearTimeout(this.#silence);
    clearTimeout(this.#broken);
    this.#end.abort();
    this.#socket.close();
    this.#peer?.close();
  }
}

/** One decoder for all browsers on the server: VP8 first, then H.264, then what else there is. @param {RTCRtpTransceiver} t */
function preferVP8(t) {
  const codecs = RTCRtpSender.getCapabilities?.('video')?.codecs;
  if (!codecs || !t.setCodecPreferences) return;
  const rank = (/** @type {string} */ mime) => ['video/vp8', 'video/h264', 'video/vp9'].indexOf(mime.toLowerCase()) + 1 || 9;
  t.setCodecPreferences([...codecs].sort((a, b) => rank(a.mimeType) - rank(b.mimeType)));
}

// Lips are read from pixels: when bits are short, send fewer pictures rather than
// coarser ones. Not contentHint 'detail', which makes Chromium encode a face as it
// does a shared screen.
/** @param {RTCRtpSender} sender */
async function keepResolution(sender) {
  const p = /** @type {RTCRtpSendParameters & {degradationPreference?: string}} */ (sender.getParameters());
  p.degradationPreference = 'maintain-resolution';
  await sender.setParameters(p).catch(() => {}); // not every browser knows it
}
