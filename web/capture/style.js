// The element's style, as a constructed sheet: no <style> and no style attribute, so a strict policy lets it be.

export const css = `
:host { display: block; width: 100%; max-width: 640px; overflow: hidden; border-radius: 20px; background: #14161b; color: #fff;
  font: 600 16px/1.4 Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
:host([hidden]) { display: none; }
.stage { position: relative; width: 100%; aspect-ratio: 4 / 3; min-height: 260px; max-height: 80dvh; overflow: hidden; }
[hidden]) { display: none; }
[hidden] { display: none !important; }
video, .mask { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; }
video { transform: scaleX(-1); background: #14161b; }
video.back { transform: none; }
.mask { pointer-events: none; }
.mask .veil { fill: rgb(14 16 20 / .55); fill-rule: evenodd; }
.mask .rim { fill: none; stroke: #f0b658; vector-effect: non-scaling-stroke; stroke-width: 5px; stroke-dasharray: 10 8; }
:host([data-good]) .mask .rim { stroke: #5fd39a; stroke-dasharray: none; }
.hint { position: absolute; left: 50%; top: 14px; max-width: calc(100% - 32px); transform: translateX(-50%); margin: 0; padding: 8px 18px; border-radius: 999px;
  background: rgb(14 16 20 / .82); text-align: center; width: max-content; }
.foot { padding: 14px; display: flex; flex-wrap: wrap; gap: 10px; align-items: center; justify-content: center; }
.closed { position: absolute; inset: 0; display: grid; place-content: center; justify-items: center; gap: 18px; padding: 24px; text-align: center; background: #14161b; }
.closed p { margin: 0; max-width: 30em; font-weight: 400; }
button, select { font: inherit; min-height: 44px; padding: 8px 20px; border-radius: 12px; border: 0; cursor: pointer; }
button { background: #fff; color: #14161b; }
button.quiet, select { background: none; color: #fff; box-shadow: inset 0 0 0 1.5px #fff8; }
select { background: #14161b; max-width: 220px; text-overflow: ellipsis; }
:is(button, select):focus-visible { outline: 3px solid #9aaaff; outline-offset: 2px; }
label { display: contents; }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;
