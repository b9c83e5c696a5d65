// The chain on the first page, run by the engine: the picture of the build's run stays until the
// engine's own run of the same choice takes its place.
//
// The engine is fetched when a filter is first taken out or put in. Where it cannot be had, the
// build's run goes on being shown, and the line below says so.
import * as words from 'words';
import { draw } from './live/draw.js';
import { engine } from './live/engine.js';

/** The engine, once it was asked for; forgotten when it could not be had. */
let started = null;

/** Counts what was chosen: an answer to an older choice is dropped. */
let choices = 0;

/** Runs the chain as it is chosen now. */
export async function live() {
  const demo = document.querySelector('.demo[data-lab]');
  if (!demo) return;
  const choice = choices += 1;
  const said = demo.querySelector('.demo-said');
  const tell = text => { if (choice === choices) said.textContent = text; };
  demo.classList.remove('is-live');
  const { lab, part, filters, end } = JSON.parse(demo.dataset.lab);
  const on = [...demo.querySelectorAll('.toggle input')].map(({ checked }) => checked);
  const envoy = ['http_filters:\n', ...filters.filter((_, at) => on[at]), end].join('');
  try {
    if (!started) tell(words.live_loading);
    started ??= engine();
    const { run } = await started;
    const began = performance.now();
    const { scenario, events } = await run(lab, { [part]: envoy });
    const ms = performance.now() - began;
    if (choice !== choices || !demo.isConnected) return;
    demo.querySelector('.outcome.live').replaceChildren(draw(demo, scenario, events));
    demo.classList.add('is-live');
    tell(words.live_run({ events: events.length, ms: Math.max(1, Math.round(ms)) }));
  } catch (error) {
    started = null;
    tell(words.live_failed({ why: error.message }));
  }
}
