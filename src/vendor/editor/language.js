// Which language an editor has, by the name of its text.
import { typescriptLanguage } from '@codemirror/lang-javascript';
import { jsonLanguage } from '@codemirror/lang-json';
import { yamlLanguage } from '@codemirror/lang-yaml';
import { StreamLanguage } from '@codemirror/language';
import { http } from '@codemirror/legacy-modes/mode/http';
import { lua } from '@codemirror/legacy-modes/mode/lua';
import { wast } from '@codemirror/legacy-modes/mode/wast';

const LANGUAGES = {
  json: () => jsonLanguage,
  lua: () => StreamLanguage.define(lua),
  request: () => StreamLanguage.define(http),
  // AssemblyScript's syntax is TypeScript's.
  ts: () => typescriptLanguage,
  wat: () => StreamLanguage.define(wast),
  yaml: () => yamlLanguage,
  yml: () => yamlLanguage,
};

/** The language of a name's ending; none for an unknown one. */
export function language(name) {
  return LANGUAGES[name.split('.').pop()]?.() ?? [];
}
