// Which pages a visitor means. Plain functions, which the native tests run under Node.js.
//
// An entry of the index: `[path, title, kind, other names, sentence, words of the text]`.

/** Words as people type them: `proxy_get_property` is one word and three. */
export function split(text) {
  const whole = text.toLowerCase().match(/[\p{L}\p{N}_:.'-]+/gu) ?? [];
  const found = new Set();
  for (const word of whole) {
    const bare = word.replace(/^[_:.'-]+|[_:.'-]+$/g, '');
    if (bare) found.add(bare);
    for (const part of bare.split(/[_:.'-]+/)) if (part) found.add(part);
  }
  return [...found];
}

// What says nothing about what somebody looks for.
const NOISE = new Set(`a an and are as at be been but by can do does for from get has have how i in is it its
  me my no not of on or so that the there this to was what when where which why will with you your`.split(/\s+/));

const asked = query => {
  const words = query.toLowerCase().match(/[\p{L}\p{N}_:.'-]+/gu) ?? [];
  const bare = words.map(word => word.replace(/^[_:.'-]+|[_:.'-]+$/g, '')).filter(Boolean);
  const told = bare.filter(word => !NOISE.has(word));
  return told.length ? told : bare;
};

/** Words that differ in their ending are the same: hangs, hanging, hang. */
const stem = word => (word.length > 4 ? word.replace(/(ing|ed|es|s)$/, '') : word);

/** How well a word fits one of a list: whole, by its stem, as a beginning. */
function fit(word, words) {
  let best = 0;
  const root = stem(word);
  for (const other of words) {
    if (other === word) return 1;
    if (stem(other) === root) best = Math.max(best, 0.85);
    else if (word.length > 1 && other.startsWith(word)) best = Math.max(best, 0.4 + 0.4 * word.length / other.length);
    else if (word.length > 3 && other.includes(word)) best = Math.max(best, 0.3);
  }
  return best;
}

/** One letter more, less or other. */
function near(a, b) {
  if (a.length < 4 || Math.abs(a.length - b.length) > 1) return false;
  let i = 0;
  while (i < a.length && a[i] === b[i]) i += 1;
  const rest = (x, y) => a.slice(i + x) === b.slice(i + y);
  return rest(1, 1) || rest(1, 0) || rest(0, 1)
    || (a[i] === b[i + 1] && a[i + 1] === b[i] && rest(2, 2));
}

/** Reads the index as it was fetched. */
export function read(index) {
  return index.map(([path, title, kind, also, said, text]) => ({
    path, title, kind, said,
    titles: split(title), names: also.map(name => name.toLowerCase()), also: split(also.join(' ')),
    said_: split(said), words: text.split(' '),
  }));
}

const KINDS = { lesson: 1.15, message: 1.1, part: 1 };

function score(entry, query, words, loose) {
  let sum = 0, missed = 0;
  for (const word of words) {
    const fits = [
      12 * fit(word, entry.titles), 10 * fit(word, entry.also), 3 * fit(word, entry.said_), 2 * fit(word, entry.words),
    ];
    let best = Math.max(...fits);
    if (best === 0 && loose && [...entry.titles, ...entry.also].some(other => near(word, other))) best = 5;
    if (best === 0) missed += 1;
    sum += best;
  }
  if (missed === words.length || (missed && !loose)) return 0;
  // All of a short title beats a part of a long one.
  const own = entry.titles.filter(title => words.some(word => fit(word, [title]) >= 0.85)).length;
  sum += 4 * own / Math.max(1, entry.titles.length);
  const title = entry.title.toLowerCase();
  if (title === query || asked(title).join(' ') === words.join(' ')) sum += 30;
  else if (entry.names.includes(query)) sum += 22;
  else if (title.includes(query) || entry.names.some(name => name.includes(query))) sum += 8;
  return sum * (KINDS[entry.kind] ?? 1) * (1 - missed / words.length);
}

/** The entries that fit best, the best first. */
export function rank(entries, text, most = 12) {
  const query = text.trim().toLowerCase();
  const words = asked(query);
  if (words.length === 0) return [];
  const all = loose => entries
    .map(entry => ({ entry, points: score(entry, query, words, loose) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points)
    .slice(0, most)
    .map(({ entry }) => entry);
  const strict = all(false);
  return strict.length ? strict : all(true);
}
