// What happened to headers between two places, as `src/ui/logic/diff.rs` tells it.

/** A header's name or value; what is not text stands in base64. */
const show = value => (typeof value === 'string' ? value : `base64:${value.base64}`);

const line = ([name, value], change) => ({ name: show(name), value: show(value), change });

/** Every header as one that came from nowhere else. */
export const plain = headers => headers.map(header => line(header, 'same'));

/** Compares headers, in the order of the later side. */
export function diff(before, after) {
  const same = (one, other) => show(one[0]) === show(other[0]) && show(one[1]) === show(other[1]);
  const best = Array.from({ length: before.length + 1 }, () => new Array(after.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      best[i][j] = same(before[i], after[j]) ? best[i + 1][j + 1] + 1 : Math.max(best[i + 1][j], best[i][j + 1]);
    }
  }
  const lines = [];
  let added = [];
  let [i, j] = [0, 0];
  const settle = () => { lines.push(...added); added = []; };
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && same(before[i], after[j])) {
      settle();
      lines.push(line(after[j], 'same'));
      [i, j] = [i + 1, j + 1];
    } else if (j === after.length || (i < before.length && best[i + 1][j] >= best[i][j + 1])) {
      lines.push(line(before[i], 'removed'));
      i += 1;
    } else {
      added.push(line(after[j], 'added'));
      j += 1;
    }
  }
  settle();
  for (let at = 0; at < lines.length;) {
    const twin = lines[at].change === 'removed'
      && lines.find(other => other.change === 'added' && other.name === lines[at].name);
    if (twin) {
      twin.change = 'changed';
      lines.splice(at, 1);
    } else {
      at += 1;
    }
  }
  return lines;
}
