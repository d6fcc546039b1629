import { eastAsianWidth } from 'get-east-asian-width';
import { escapes } from './control-characters.js';

// Created when a text needs it: loading the segmenter's data takes 15 ms, and most texts are plain ASCII.
let segmenter: Intl.Segmenter | undefined;

function segmentsOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

/** How many columns a text takes on a terminal; escape sequences take none, East Asian wide characters and emoji two. */
export function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmentsOf(text.replace(escapes, ''))) width += graphemeWidth(segment);
  return width;
}

/** The text cut to a number of columns, with an ellipsis where something is missing. The text must be free of escape sequences. */
export function truncateText(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let result = '';
  let width = 0;
  for (const { segment } of segmentsOf(text)) {
    width += graphemeWidth(segment);
    if (width > columns - 1) break;
    result += segment;
  }
  return columns < 1 ? '' : `${result}…`;
}

/** The text filled with spaces up to a number of columns. */
export function padText(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)));
}

function graphemeWidth(grapheme: string): number {
  if (/^(?:\p{Mn}|\p{Me}|\p{Cc}|\p{Cf})+$/u.test(grapheme)) return 0;
  if (/\p{Emoji_Presentation}|\ufe0f/u.test(grapheme)) return 2;
  return eastAsianWidth(grapheme.codePointAt(0) ?? 0);
}
