// A run of a chain as a picture, in the shape that `src/ui/prerendered/chain.rs` gives the build's
// runs: what each station did and saw, read from the report and the trace.
import * as words from 'words';
import { element } from '../element.js';
import { diff, plain } from './diff.js';

/**
 * @param {HTMLElement} demo what holds the build's pictures: icons are taken from there
 * @param {object} scenario of the report
 * @param {object[]} events all of its trace
 */
export function draw(demo, scenario, events) {
  const exchange = scenario.exchanges.at(-1);
  const sent = exchange.request.headers;
  const saw = exchange.upstream_requests.at(-1);
  const got = exchange.response;
  const answer = saw?.response;
  const icon = kind => demo.querySelector(`.outcome:not(.live) .station.${kind} > .actor`).cloneNode(true);
  const word = name => sent.find(([other]) => other === name)?.[1] ?? '';
  const told = got ? (answer ? diff(answer.headers, got.headers) : plain(got.headers)) : [];
  const client = element('li', { class: 'station client' }, icon('client'),
    element('strong', {}, `${word(':method')} ${word(':path')}`),
    ...lines(words.client_sent, plain(sent)),
    element('strong', { class: 'answer' }, status(exchange)),
    ...lines(words.client_got, told));
  const filters = stations(events).filter(({ name }) => name !== 'router').map(({ name, kind, calls }) =>
    element('li', { class: `station ${kind}` }, icon(kind), element('strong', {}, ...breakable(name)),
      element('ul', {}, ...calls.map(call => element('li', {}, ...breakable(call))))));
  const upstream = element('li', { class: saw ? 'station upstream' : 'station upstream unreached' }, icon('upstream'),
    ...(saw ? lines(words.upstream_saw, diff(sent, saw.headers))
      : [element('p', { class: 'never' }, words.upstream_nothing)]));
  return element('ol', { class: 'chain', 'data-of': filters.length + 2 }, client, ...filters, upstream);
}

/** A name or a call that may be broken where its words end. */
const breakable = text => text.split(/(?<=[_(])/).flatMap(part => [part, element('wbr')]);

function status({ response, outcome }) {
  if (!response) return outcome === 'reset' ? words.outcome_reset : words.outcome_no_response;
  const say = { completed: words.outcome_status, reset: words.outcome_then_reset, stalled: words.outcome_then_stalled };
  return say[outcome](response);
}

const SIGNS = {
  same: ['', '', ''],
  added: ['added', '+ ', words.added],
  removed: ['removed', '− ', words.removed],
  changed: ['changed', '~ ', words.changed],
};

/** What the proxy adds to every request is left out, and what the first line has already. */
const own = name => name.startsWith(':') || name.startsWith('x-forwarded') || name.startsWith('x-envoy')
  || ['x-request-id', 'date', 'content-length'].includes(name);

function lines(title, all) {
  const rows = all.filter(({ name }) => !own(name)).map(({ name, value, change }) => {
    const [look, sign, said] = SIGNS[change];
    return element('li', { class: look },
      element('span', { 'aria-hidden': 'true' }, sign), element('span', { class: 'visually-hidden' }, said),
      `${name}: ${value}`);
  });
  return [element('p', { class: 'eyebrow' }, title), element('ul', {}, ...rows)];
}

/** The filters in the order in which the request met them, with what each called: reading is left out. */
function stations(events) {
  const all = [];
  for (const step of events.filter(({ kind }) => kind === 'chain')) {
    const request = step.name.startsWith('decode_');
    if (!request && !step.name.startsWith('encode_')) continue;
    const filter = step.args?.find(({ name }) => name === 'filter')?.value;
    if (!filter) continue;
    const full = String(Object.values(filter)[0]);
    let station = all.find(other => other.full === full);
    if (!station) {
      // The request never met it: it was answered before.
      if (!request) continue;
      const name = full.replace(/^(envoy\.filters\.http\.)+/, '');
      station = { full, name, kind: name === 'lua' ? 'lua' : 'native', request: [], response: [] };
      all.push(station);
    }
    for (const inner of events.filter(event => within(events, event, step.n))) {
      // A script has callbacks too, and no VM of WebAssembly.
      if (inner.kind === 'callback' && inner.vm !== undefined) station.kind = 'wasm';
      const name = inner.name.replace(/^proxy_/, '');
      const tells = ['host_call', 'chain'].includes(inner.kind) && !/^(get|decode|encode)_/.test(name);
      if (tells) station[request ? 'request' : 'response'].push(`${name}(${args(inner)})`);
    }
  }
  return all.map(station => ({ ...station, calls: [...station.request, ...station.response] }));
}

function within(events, { parent }, n) {
  for (let at = parent; at !== undefined; at = events[at]?.parent) if (at === n) return true;
  return false;
}

const args = ({ args = [] }) => args.map(({ name, value }) => {
  const [[kind, content]] = Object.entries(value);
  if (kind === 'int') return `${name} ${content}`;
  if (kind === 'word') return content === 'true' ? name : content === 'false' ? null : content;
  if (kind === 'pairs') return content.length === 1 ? words.pairs_one : words.pairs_many({ n: content.length });
  if (typeof content !== 'string') return words.binary({ size: `${Math.floor(content.base64.replaceAll('=', '').length * 3 / 4)} B` });
  const text = JSON.stringify(content).slice(1, -1);
  return `"${text.length > 48 ? `${text.slice(0, 47)}…` : text}"`;
}).filter(text => text !== null).join(', ');
