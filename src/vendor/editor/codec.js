// A codec says how the app's text appears in an editor, and what an editor's text means to the app.
//
// `show` makes the editor's text. `read` gives `{ text }` for the app, or `{ problem }` with a line,
// a column (both from 1) and a message, when the text means nothing yet.

/** The text itself. */
export const plain = {
  show: text => text,
  read: text => ({ text }),
};
