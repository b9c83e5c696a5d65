// The finished site as files: every page has its text beside it and is listed, every link of every
// page leads to a file that is there, and every anchor to an element. No browser is needed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test, expect, repository } from './site.js';

const dist = join(repository, 'dist');
const folders = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter(entry => entry.name === 'index.html')
  .map(entry => entry.parentPath ?? entry.path);
const html = path => readFileSync(join(path, 'index.html'), 'utf8');

test('every page has its text as Markdown beside it, a title and a sentence of its own', async () => {
  const listed = readFileSync(join(dist, 'llms.txt'), 'utf8');
  const titles = new Map();
  expect(folders.length).toBeGreaterThan(30);
  for (const folder of folders) {
    const page = html(folder);
    const path = folder.slice(dist.length);
    expect(readFileSync(join(folder, 'index.md'), 'utf8'), path).toMatch(/^# \S/m);
    expect(page, path).toMatch(/<meta name="description" content="[^"]{20,}">/);
    expect(page, path).toContain('<link rel="alternate" type="text/markdown"');
    const title = page.match(/<title>([^<]+)<\/title>/)[1];
    expect(titles.get(title) ?? path, `the title of ${path}`).toBe(path);
    titles.set(title, path);
    // What is for paper repeats its lessons.
    if (!path.endsWith('/print')) expect(listed, path).toContain(`(.${path}/index.md)`);
  }
});

test('every link of every page leads to a file, and every anchor to an element', async () => {
  const ids = new Map();
  const has = (folder, id) => {
    if (!ids.has(folder)) ids.set(folder, new Set([...html(folder).matchAll(/ id="([^"]+)"/g)].map(found => found[1])));
    return ids.get(folder).has(id);
  };
  const wrong = [];
  let count = 0;
  for (const folder of folders) {
    const page = html(folder).replace(/<script type="application\/json"[\s\S]*?<\/script>/g, '');
    for (const [, link] of page.matchAll(/ (?:href|src)="([^"]+)"/g)) {
      if (/^(https?:|mailto:|data:)/.test(link)) continue;
      count += 1;
      const [path, id] = link.replaceAll('&amp;', '&').split('#');
      // An address below the site's root would break under a sub-path.
      if (path.startsWith('/')) wrong.push(`${folder}: ${link} begins with /`);
      const target = resolve(folder, decodeURI(path));
      const found = existsSync(join(target, 'index.html')) ? target : null;
      if (!found && !existsSync(target)) wrong.push(`${folder}: ${link}`);
      else if (found && path && !path.endsWith('/')) wrong.push(`${folder}: ${link} has no / at its end`);
      if (id && found && !has(found, id)) wrong.push(`${folder}: ${link} has no such element`);
    }
  }
  expect(wrong).toEqual([]);
  expect(count).toBeGreaterThan(500);
});
