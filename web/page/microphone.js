// The person's microphone: a second witness that nobody has to give. It is asked for
// only where the server offers to listen and the person has ticked the box; without it
// the check goes on as it does.

/** Whether this server would listen. */
export async function offered() {
  const answer = await fetch('/v1/page').then((r) => (r.ok ? r.json() : null)).catch(() => null);
  return answer?.microphone === true;
}

// The page plays nothing, so there is no echo to cancel, and cancelling moves the sound
// in time on some devices. Noise suppression leaves the voice and its times.
const wanted = { echoCancellation: false, noiseSuppression: true, autoGainControl: true, channelCount: 1 };

export class Microphone {
  /** @type {MediaStream|null} */ #stream = null;

  /** The live track, or null: refused, absent and busy are all the same here. @returns {Promise<MediaStreamTrack|null>} */
  async open() {
    const live = () => this.#stream?.getAudioTracks().find((t) => t.readyState === 'live') ?? null;
    if (!live()) this.#stream = await navigator.mediaDevices.getUserMedia({ audio: wanted }).catch(() => null);
    return live();
  }

  close() {
    this.#stream?.getTracks().forEach((t) => t.stop());
    this.#stream = null;
  }
}
