// Ten colours that keep apart, then the same again: a number or a word is always beside them.
export function tone(nth) {
  return `cat-${nth % 10}`;
}
